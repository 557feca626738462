"""Keeps a worker at hand: starts it, replaces it, listens to it and passes a stop on to it."""

import time
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from nfdsl.study.events import Died, Joined, Progress, Ready, Saved, Stopping, Tick, WorkerEvent, WorkerStarted
from nfdsl.study.interrupts import Interrupts
from nfdsl.study.worker import Worker

_STARTS = 3  # a worker that dies before it is ready that often will not get ready
_TICK_SECONDS = 0.2
_NOTHING_TO_SAVE_SECONDS = 2.0  # grace where a kill loses nothing, as while compiling


class Crew:
    """At most one worker at a time. As a context, it leaves none behind.

    Args:
      command, log: as of `Worker`.
      grace_seconds: how long a worker that was told to stop may take to save before it is killed; one that
        has trained nothing since its last checkpoint gets two at most.
      stop: counts requests to stop; the second one kills the worker.
    """

    def __init__(self, command: Sequence[str], log: Path, grace_seconds: float, stop: Interrupts) -> None:
        self.lock: int | None = None  # what workers inherit from now on: see `Worker`
        self.joined = Joined(0, 1)  # what the last worker that got ready is one of
        self._command = command
        self._log = log
        self._grace_seconds = grace_seconds
        self._stop = stop
        self._worker: Worker | None = None
        self._unsaved = False  # it has trained since its last checkpoint
        self._deadline: float | None = None  # set once the worker was told to stop

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.dismiss()

    def ready(self) -> Generator[WorkerStarted | Stopping | Tick, None, str | None]:
        """Returns None once a worker waits for a run or a stop was asked for, else why there is none."""
        if self._worker is not None and not self._worker.gone:
            return None
        reason = None
        for _ in range(_STARTS):
            self.dismiss()
            try:
                self._worker = Worker(self._command, self._log, self.lock)
            except OSError as error:
                return f"the worker cannot be started: {error}"
            yield WorkerStarted(self._worker.pid)
            for said in self.listen():
                if isinstance(said, Ready):
                    self.joined = Joined(said.process, said.processes)
                    return None
                if isinstance(said, Stopping | Tick):
                    yield said
            if self._stop.count:
                return None
            reason = self.death().reason
        return reason

    def give(self, run_directory: Path) -> None:
        """Gives the worker that is ready a run."""
        self._unsaved = False
        self._present().train(run_directory)

    def listen(self) -> Iterator[WorkerEvent | Stopping | Tick]:
        """Yields what the worker says until it is gone, and a `Tick` whenever it says nothing for a while."""
        worker = self._present()
        while not worker.gone:
            yield from self._pass_on(worker)
            for said in worker.receive(_TICK_SECONDS) or (Tick(),):
                self._unsaved = isinstance(said, Progress) or (self._unsaved and not isinstance(said, Saved))
                yield said

    def death(self) -> Died:
        """Returns how the worker, which is gone, came to its end."""
        worker = self._present()
        return Died(worker.epitaph(), worker.log_tail())

    def stopped_elsewhere(self) -> bool:
        """Returns whether the worker has left because another of several hosts was told to stop: so is this one."""
        worker = self._worker
        if self.joined.processes == 1 or worker is None or not worker.gone or not worker.stopped:
            return False
        self._stop.count = max(self._stop.count, 1)
        return True

    def released(self) -> bool:
        """Returns whether the worker, which is gone, has left because the first of several hosts has no more runs."""
        return self._present().released

    def release(self) -> None:
        """Has the workers of all hosts leave, as there are no more runs for them."""
        if self._worker is not None and self.joined.processes > 1:
            self._worker.release()

    def dismiss(self) -> None:
        """Ends the worker, if there is one."""
        if self._worker is not None:
            self._worker.close()
        self._worker = None

    def _present(self) -> Worker:
        assert self._worker is not None, "ready() first"
        return self._worker

    def _pass_on(self, worker: Worker) -> Iterator[Stopping]:
        if self._stop.count == 0:
            return
        if self._deadline is None:
            grace = self._grace_seconds if self._unsaved else min(self._grace_seconds, _NOTHING_TO_SAVE_SECONDS)
            self._deadline = time.monotonic() + grace
            worker.terminate()
            yield Stopping()
        elif self._stop.count > 1 or time.monotonic() > self._deadline:
            worker.kill()
