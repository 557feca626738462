"""One run at work: what stays the same while it is trained and evaluated, and how it stops."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from nfdsl.sampling.index import Index
from nfdsl.schema.run import Run
from runtime.compilation import Compilation
from runtime.data.dataset import Dataset
from runtime.events import Compiled
from runtime.processes import Agreement
from runtime.program import Program

T = TypeVar("T")

_POLL_SECONDS = 0.1


class RunError(Exception):
    """What is wrong with a run, in one sentence for the person who asked for it."""


class StoppedAt(Exception):
    """The run was asked to stop; the state after `step` steps is committed, or about to be."""

    def __init__(self, step: int):
        super().__init__(step)
        self.step = step


@dataclass(frozen=True)
class Job:
    """What stays the same while one run is trained and evaluated."""

    run: Run
    folder: Path
    program: Program
    dataset: Dataset
    index: Index
    agreement: Agreement

    @property
    def checkpoints(self) -> Path:
        return self.folder / "checkpoints"

    def evaluates_after(self, step: int) -> bool:
        """Returns whether the run is evaluated after `step` steps on its way: once the images that lie between two
        evaluations have been seen."""
        every, batch = self.run.length.between_evaluations, self.run.recipe.batch
        if every is None or not 0 < step < self.run.length.steps:
            return False
        return step * batch // every > (step - 1) * batch // every

    def compiled(self, step: int, compilation: Compilation[T]) -> Generator[Compiled, None, T]:
        """Returns the function once it is compiled. Raises `StoppedAt` `step` if asked to stop meanwhile, alone."""
        while not compilation.done(_POLL_SECONDS):
            if self.agreement.stop.is_set():  # several processes cannot agree before each has taken a step
                raise StoppedAt(step)
        yield from compilation.news(self.run.id)
        return compilation.executable()

    def until_stopped(self, step: int, batches: Iterator[T]) -> Iterator[T]:
        """Yields `batches`. Raises `StoppedAt` `step` if asked to stop meanwhile."""
        for batch in batches:
            if self.agreement.stopping():
                raise StoppedAt(step)
            yield batch
