"""How many choices the points of a study's values hold, over all the places that use them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nfdsl.check.point import LIMIT, Point
from nfdsl.check.rejected import Rejected
from nfdsl.diagnostics import Diagnostic, Label
from nfdsl.source import Span

MOST = 8 * LIMIT  # a grid is counted where it is written, named and used


@dataclass
class Tally:
    """A count that only grows; it bounds the time a study takes to check, however its grids are arranged."""

    choices: int = 0
    is_said: bool = False

    def add(self, points: Sequence[Point[Any]], span: Span) -> None:
        """Counts the choices that the points of a value hold; one point alone is no grid.

        Raises:
          Rejected: there are too many in all, which is said once.
        """
        self.choices += sum(len(point.choices) or 1 for point in points) if len(points) > 1 else 0
        if self.choices > MOST:
            raise Rejected(*([] if self.is_said else [self._too_many(span)]))

    def _too_many(self, span: Span) -> Diagnostic:
        self.is_said = True
        return Diagnostic(
            "grid-too-large",
            f"the grids of this study stand for more than {MOST:,} choices in all",
            Label(span, "here they become too many"),
            help="make a range coarser, a grid shorter, or divide the study",
        )
