"""What happens while a study is carried out, as values.

`Ready` to `Stopped` are said by a worker, one JSON object a line (`read`); the others are the engine's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from nfdsl.study.fields import Fields, Malformed, parse
from nfdsl.study.outcome import Kind, Outcome
from nfdsl.study.result import Result


@dataclass(frozen=True)
class Ready:
    """The worker is waiting for its first run."""

    process: int  # of `processes`, from 0, which train each run together
    processes: int


@dataclass(frozen=True)
class Started:
    """Training begins at `step`, which is above 0 where it is continued."""

    run: str
    step: int
    steps: int


@dataclass(frozen=True)
class Compiled:
    """A function of a program was compiled, or read from the directory's cache (`cached`)."""

    run: str
    program: str
    kind: Kind
    seconds: float
    cached: bool


@dataclass(frozen=True)
class Damaged:
    """The checkpoint of `step` was not as it had been written, and is left out."""

    run: str
    step: int


@dataclass(frozen=True)
class Progress:
    """Training has reached `step`."""

    run: str
    step: int
    steps: int
    loss: float | None
    images_per_second: float | None


@dataclass(frozen=True)
class Saved:
    """A checkpoint is on disk."""

    run: str
    step: int


@dataclass(frozen=True)
class Evaluated:
    """What the weights after `step` steps, which is not the last, are worth."""

    run: str
    step: int
    holdout_loss: float | None
    top1: float | None  # share in [0, 1]
    top5: float | None


@dataclass(frozen=True)
class Done:
    """The run's `result.json` is on disk."""

    run: str


@dataclass(frozen=True)
class Broken:
    """The worker could not go on with the run and says why."""

    run: str
    reason: str
    detail: str = field(compare=False)  # traceback: line numbers and addresses may differ


@dataclass(frozen=True)
class Stopped:
    """The worker saved the run at `step` and leaves, as it was told to."""

    run: str
    step: int


@dataclass(frozen=True)
class Died:
    """The worker is gone, or no longer to be trusted; it did not say why."""

    reason: str
    detail: str


WorkerEvent = Ready | Started | Compiled | Damaged | Progress | Saved | Evaluated | Done | Broken | Stopped


@dataclass(frozen=True)
class Opened:
    """The study begins; `results` were there already."""

    results: Mapping[str, Result]


@dataclass(frozen=True)
class Joined:
    """This is `process`, from 0, of `processes` that carry the study out together; the first one leads."""

    process: int
    processes: int


@dataclass(frozen=True)
class Left:
    """The last event on a host that is not the first one: that one has no more runs, or a host was told to stop."""

    stopped: bool


@dataclass(frozen=True)
class WorkerStarted:
    """A worker process exists; it says nothing before its imports are done."""

    pid: int


@dataclass(frozen=True)
class Given:
    """The worker was given a run; `start` is the run whose weights it begins from."""

    run: str
    start: str | None
    attempt: int  # from 1


@dataclass(frozen=True)
class Finished:
    """The run is complete."""

    run: str
    result: Result


@dataclass(frozen=True)
class Retried:
    """An attempt failed; the run is tried again."""

    run: str
    reason: str
    attempt: int  # that failed
    attempts: int  # there are at most


@dataclass(frozen=True)
class Failed:
    """The run failed for good; another `nfdsl run` tries it again."""

    run: str
    reason: str
    attempts: int


@dataclass(frozen=True)
class NotRun:
    """The run cannot be carried out this time."""

    run: str
    reason: str


@dataclass(frozen=True)
class Extended:
    """Tuning asks for a run beyond the range of its cell: the best one so far lies at that end."""

    run: str


@dataclass(frozen=True)
class Dropped:
    """What the run came to holds no longer; it is done again."""

    run: str
    reason: str


@dataclass(frozen=True)
class Unneeded:
    """Tuning settled the run's cell without it."""

    run: str


@dataclass(frozen=True)
class Notice:
    """Something a person should know that changes no run."""

    text: str


@dataclass(frozen=True)
class Stopping:
    """The study was told to stop; the worker was told to save and leave."""


@dataclass(frozen=True)
class Tick:
    """Nothing happened for a moment."""


@dataclass(frozen=True)
class Closed:
    """The last event."""

    outcome: Outcome


EndEvent = Finished | Retried | Failed | NotRun | Unneeded
RunEvent = Started | Compiled | Damaged | Progress | Saved | Evaluated | Stopped | Given | Extended | Dropped | EndEvent
StudyEvent = RunEvent | Joined | Left | Opened | WorkerStarted | Notice | Stopping | Tick | Closed


def read(line: bytes) -> WorkerEvent:
    """Returns the event on one line of a worker's stdout. Raises `Malformed`."""
    fields = parse(line)
    kind = fields.text("event")
    if kind == "ready":
        return Ready(fields.whole("process"), fields.whole("processes"))
    return _of_run(kind, fields.text("run"), fields)


def _of_run(kind: str, run: str, fields: Fields) -> WorkerEvent:
    match kind:
        case "started":
            return Started(run, fields.whole("step"), fields.whole("steps"))
        case "compiled":
            return Compiled(run, fields.text("program"), _kind(fields), fields.number("seconds"), fields.flag("cached"))
        case "damaged":
            return Damaged(run, fields.whole("step"))
        case "progress":
            loss, speed = fields.measurement("loss"), fields.measurement("images_per_second")
            return Progress(run, fields.whole("step"), fields.whole("steps"), loss, speed)
        case "saved":
            return Saved(run, fields.whole("step"))
        case "evaluated":
            loss, top1, top5 = map(fields.measurement, ("holdout_loss", "top1", "top5"))
            return Evaluated(run, fields.whole("step"), loss, top1, top5)
        case "done":
            return Done(run)
        case "failed":
            return Broken(run, fields.text("reason"), fields.text("detail"))
        case "stopped":
            return Stopped(run, fields.whole("step"))
        case other:
            raise Malformed(f"there is no event {other!r}")


def _kind(fields: Fields) -> Kind:
    match fields.text("kind"):
        case "initialize" | "train" | "evaluate" as kind:
            return kind
        case other:
            raise Malformed(f'"kind" should be "initialize", "train" or "evaluate", not {other!r}')
