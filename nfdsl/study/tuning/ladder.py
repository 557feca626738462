"""The learning rates of one cell, and on which other cells its search leans."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

from nfdsl.schema.evaluation import Metric
from nfdsl.schema.training import Grid, Monotone
from nfdsl.study.result import Result, measured


@dataclass(frozen=True)
class Ladder:
    """The runs of one cell, which differ only in learning rate: those of its range, and those beyond it."""

    id: str  # of the cell
    runs: tuple[str, ...]  # in increasing learning rate
    rates: tuple[float, ...]  # one for each run
    below: int  # so many of the first lie below the range
    above: int  # and so many of the last above it
    tuner: Grid | Monotone
    minimizing: Metric
    leans_on: tuple[str, ...]  # the cells of less compute whose optima bound this one's, the most alike first
    small: bool  # of little compute beside others of its kind

    @property
    def range(self) -> tuple[str, ...]:
        """The runs that the spec asks for."""
        return self.runs[self.below : len(self.runs) - self.above]

    @property
    def top(self) -> int:
        """The place of the highest rate of the range."""
        return len(self.runs) - self.above - 1

    def within(self, place: int) -> bool:
        """Whether there is a run at `place`, and it is one of the range."""
        return self.below <= place <= self.top

    def at_most(self, rate: float) -> int:
        """Returns the place of the highest learning rate that is not above `rate`, or 0."""
        return max(0, bisect_right(self.rates, rate) - 1)

    def losses(self, results: Mapping[str, Result]) -> tuple[float | None, ...]:
        """Returns what each run has of the metric; None where it did not finish, diverged or was not evaluated."""
        return tuple(measured(results[run], self.minimizing) if run in results else None for run in self.runs)

    def best(self, results: Mapping[str, Result]) -> int | None:
        """Returns the place with the least of the metric, at a tie the lower one; None where nothing is measured."""
        measurements = [(loss, place) for place, loss in enumerate(self.losses(results)) if loss is not None]
        return min(measurements)[1] if measurements else None
