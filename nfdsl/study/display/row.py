"""One run as it stands while its study is carried out."""

from dataclasses import dataclass
from enum import Enum

from nfdsl.plan import PlannedRun
from nfdsl.study.events import (
    Compiled,
    Dropped,
    Failed,
    Finished,
    Given,
    NotRun,
    Progress,
    Retried,
    RunEvent,
    Started,
    Stopped,
    Unneeded,
)
from nfdsl.study.result import Result


class State(Enum):
    """Where a run stands; the value is its word."""

    WAITING = "waiting"
    STARTING = "starting"
    RUNNING = "running"
    DONE = "done"
    DIVERGED = "diverged"
    FAILED = "failed"
    NOT_RUN = "not run"
    UNNEEDED = "not needed"


_ENDED = frozenset({State.DONE, State.DIVERGED, State.FAILED, State.NOT_RUN, State.UNNEEDED})
_AFTER: dict[type[RunEvent], State] = {
    Given: State.STARTING,
    Progress: State.RUNNING,  # not `Started`, which is followed by compiling
    Stopped: State.WAITING,
    Dropped: State.WAITING,
    Retried: State.WAITING,
    Failed: State.FAILED,
    NotRun: State.NOT_RUN,
    Unneeded: State.UNNEEDED,
}


@dataclass
class Row:
    """A planned run and what its events say of it."""

    run: PlannedRun
    state: State = State.WAITING
    step: int = 0
    loss: float | None = None  # of the last training step told of
    images_per_second: float | None = None
    result: Result | None = None
    began: float | None = None  # when this call gave it to a worker first, in seconds from its start
    ended: float | None = None  # when this call finished it
    first_step: int = 0  # from which this call trained it
    compile_seconds: float = 0.0

    def observe(self, event: RunEvent, now: float) -> None:
        """Takes into account what happened to this run at `now`."""
        self.state = _AFTER.get(type(event), self.state)
        match event:
            case Given():
                self.began = now if self.began is None else self.began
            case Started():
                self.step = self.first_step = event.step
            case Compiled():
                self.compile_seconds += event.seconds
            case Progress():
                self.step, self.loss, self.images_per_second = event.step, event.loss, event.images_per_second
            case Dropped():
                self.step, self.loss, self.result = 0, None, None
            case Finished():
                self.finish(event.result)
                self.ended = now
            case _:
                pass

    def finish(self, result: Result) -> None:
        """Takes over what the run came to."""
        self.state = State.DONE if result.state == "done" else State.DIVERGED
        self.step, self.loss, self.images_per_second = result.step, result.train_loss, result.images_per_second
        self.result = result

    @property
    def active(self) -> bool:
        return self.state in (State.STARTING, State.RUNNING)

    @property
    def over(self) -> bool:
        return self.state in _ENDED

    @property
    def images_left(self) -> float:
        """Images still to be trained on, if it runs at all."""
        return self.run.length.images * (1 - self.step / self.run.length.steps)

    @property
    def seconds_left(self) -> float | None:
        """Time to the last step at the present rate; None where it is not training."""
        if self.state is not State.RUNNING or not self.images_per_second:
            return None
        return self.images_left / self.images_per_second
