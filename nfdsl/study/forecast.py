"""What of a plan is known and what may still be run, cell by cell."""

from collections.abc import Iterable
from dataclasses import dataclass

from nfdsl.study.landscape import Landscape
from nfdsl.study.tuning.known import Known
from nfdsl.study.tuning.ladder import Ladder
from nfdsl.study.tuning.survey import Edge, Settled, most_outstanding, outstanding, survey


@dataclass(frozen=True)
class CellForecast:
    """One cell: runs that have ended, and the number of those still to come."""

    ladder: Ladder
    settled: bool
    best: float | None  # learning rate, of what is known so far
    censored: Edge | None  # the end of the rates at which a settled cell's best lies
    ended: int
    to_come: int  # where nothing is unusual: tuning needs more where an optimum does not fall slowly
    at_most: int


def forecast(landscape: Landscape, known: Known) -> tuple[CellForecast, ...]:
    """Returns a forecast for each cell, in the plan's order."""
    found: list[CellForecast] = []
    for cell, verdict in survey(landscape.ladders, known).items():
        ladder = landscape.ladders[cell]
        best = ladder.best(known.results)
        found.append(
            CellForecast(
                ladder=ladder,
                settled=isinstance(verdict, Settled),
                best=None if best is None else ladder.rates[best],
                censored=verdict.censored if isinstance(verdict, Settled) else None,
                ended=sum(run in known.results for run in ladder.runs),
                to_come=outstanding(ladder, verdict, known),
                at_most=most_outstanding(ladder, verdict, known),
            )
        )
    return tuple(found)


def still_to_come(cells: Iterable[CellForecast]) -> tuple[int, int]:
    """Returns how many runs are still to come where nothing is unusual, and how many at most."""
    listed = list(cells)
    return sum(cell.to_come for cell in listed), sum(cell.at_most for cell in listed)
