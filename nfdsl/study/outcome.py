"""What one call of `nfdsl run` came to."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["train", "evaluate", "initialize"]


@dataclass(frozen=True)
class Missing:
    """A run without a result, and why."""

    run: str
    reason: str


@dataclass(frozen=True)
class Compilations:
    """How often functions of one kind were compiled in this call, and of how many programs.

    Below `programs` where some came from the directory's cache; above it where a worker was replaced.
    """

    kind: Kind
    programs: int
    times: int


@dataclass(frozen=True)
class Outcome:
    """Where the study stands, and what this call of `nfdsl run` did for it.

    Each run of the plan is in exactly one of `done`, `diverged`, `unneeded`, `failed`, `not_run` and
    `waiting`.
    """

    done: int
    diverged: int
    unneeded: int  # learning rates that tuning did not have to try
    failed: tuple[Missing, ...]
    not_run: tuple[Missing, ...]
    waiting: int  # left for the next call
    trained: int  # runs a worker worked on in this call
    compilations: tuple[Compilations, ...]
    seconds: float

    @property
    def stopped(self) -> bool:
        """True where a signal ended this call before the study had ended."""
        return self.waiting > 0

    @property
    def complete(self) -> bool:
        """True where no run is missing."""
        return not (self.failed or self.not_run or self.waiting)
