"""What training says as it goes: one JSON object a line on the worker's stdout."""

import json
from dataclasses import asdict, dataclass
from typing import ClassVar, Literal

from runtime.results import Result


@dataclass(frozen=True)
class Ready:
    """The worker has imported everything and waits for runs."""

    event: ClassVar[str] = "ready"
    process: int  # of `processes`, from 0, which train each run together
    processes: int


@dataclass(frozen=True)
class Started:
    """A run starts, or continues where `step` is above 0."""

    event: ClassVar[str] = "started"
    run: str
    step: int
    steps: int


@dataclass(frozen=True)
class Damaged:
    """The checkpoint of `step` was not as it had been written, and is left out."""

    event: ClassVar[str] = "damaged"
    run: str
    step: int


@dataclass(frozen=True)
class Compiled:
    """XLA compiled a function of a program, or read it from the persistent cache (`cached`)."""

    event: ClassVar[str] = "compiled"
    run: str
    program: str
    kind: Literal["initialize", "train", "evaluate"]
    seconds: float
    cached: bool


@dataclass(frozen=True)
class Progress:
    """Steps done, the loss of the last one, and the speed since the last such event."""

    event: ClassVar[str] = "progress"
    run: str
    step: int
    steps: int
    loss: float
    images_per_second: float


@dataclass(frozen=True)
class Saved:
    """The state after `step` steps is committed."""

    event: ClassVar[str] = "saved"
    run: str
    step: int


@dataclass(frozen=True)
class Evaluated:
    """What the weights after `step` steps, which is not the last, are worth on held-out images."""

    event: ClassVar[str] = "evaluated"
    run: str
    step: int
    holdout_loss: float | None
    top1: float | None
    top5: float | None


@dataclass(frozen=True)
class Done:
    """The run is complete: trained and evaluated, or diverged."""

    event: ClassVar[str] = "done"
    run: str
    result: Result


@dataclass(frozen=True)
class Failed:
    """The run could not be carried out."""

    event: ClassVar[str] = "failed"
    run: str
    reason: str  # one sentence
    detail: str  # the traceback


@dataclass(frozen=True)
class Stopped:
    """The run was asked to stop; the state after `step` steps is committed."""

    event: ClassVar[str] = "stopped"
    run: str
    step: int


Event = Ready | Started | Damaged | Compiled | Progress | Saved | Evaluated | Done | Failed | Stopped


def line(event: Event) -> str:
    """Returns an event as one line of JSON, without the line end."""
    return json.dumps({"event": event.event} | asdict(event), allow_nan=False)
