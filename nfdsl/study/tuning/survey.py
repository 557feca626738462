"""What is to be tried next in every cell of a study, and which have their optimum: a function of the results.

A study that is stopped and continued therefore tries the same learning rates as one that is not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Literal, assert_never

from nfdsl.study.tuning.known import Known
from nfdsl.study.tuning.ladder import Ladder
from nfdsl.study.tuning.leaning import Lean, combined, lesson
from nfdsl.study.tuning.search import expected, wanted

Edge = Literal["lowest", "highest"]


@dataclass(frozen=True)
class Try:
    """These runs are to be carried out next."""

    runs: tuple[str, ...]


@dataclass(frozen=True)
class Await:
    """Nothing can be tried before these other cells are settled."""

    cells: tuple[str, ...]


@dataclass(frozen=True)
class Settled:
    """Nothing is left to try.

    `censored` is the end of the learning rates, extensions included, at which the best one lies: the optimum
    may lie beyond.
    """

    censored: Edge | None = None


Verdict = Try | Await | Settled


def survey(ladders: Mapping[str, Ladder], known: Known) -> dict[str, Verdict]:
    """Returns the verdict on each cell, by id."""
    leans: dict[str, Lean] = {}  # of settled cells
    found: dict[str, Verdict] = {}
    for cell in TopologicalSorter({cell: ladder.leans_on for cell, ladder in ladders.items()}).static_order():
        ladder = ladders[cell]
        if unsettled := tuple(other for other in ladder.leans_on if other not in leans):
            found[cell] = Await(unsettled)
            continue
        lean = combined([leans[other] for other in ladder.leans_on])
        runs = wanted(ladder, known, lean)
        found[cell] = Try(runs) if runs else Settled(censored(ladder, known))
        if not runs:
            leans[cell] = lesson(ladder, known, lean)
    return {cell: found[cell] for cell in ladders}


def censored(ladder: Ladder, known: Known) -> Edge | None:
    """Returns the end of the ladder at which its best learning rate lies so far, if it has a choice and one does."""
    best = ladder.best(known.results)
    if best is None or len(ladder.runs) < 2:
        return None
    return "lowest" if best == 0 else "highest" if best == len(ladder.runs) - 1 else None


def outstanding(ladder: Ladder, verdict: Verdict, known: Known) -> int:
    """Returns how many runs of a cell are still to come where nothing is unusual."""
    left = expected(ladder) - sum(map(known.tried, ladder.runs))
    match verdict:
        case Settled():
            return 0
        case Try(runs):
            return max(len(runs), left)
        case Await():
            return max(0, left)
        case _:
            assert_never(verdict)


def most_outstanding(ladder: Ladder, verdict: Verdict, known: Known) -> int:
    """Returns how many runs of a cell are still to come at most: those left of its range, and of one extension."""
    if isinstance(verdict, Settled):
        return 0
    untried = [not known.tried(run) for run in ladder.runs]
    end = len(untried) - ladder.above
    return sum(untried[ladder.below : end]) + max(sum(untried[: ladder.below]), sum(untried[end:]))
