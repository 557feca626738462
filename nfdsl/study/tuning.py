"""Which learning rates of a cell are still to be tried, and which of the tried ones is the best.

Pure functions of the plan and of what is known, so that a study that is stopped and continued
tries the same ones as a study that is not.

`Grid` tries all. `Monotone(trials)` follows the finding of arXiv 2310.16764 (section 2, Figure 3) that
the best learning rate falls slowly and monotonically with model size and budget:

1. The first trial is the best learning rate of the cell's neighbour (`Landscape.neighbours`), once that
   is settled; the top of the range where there is no neighbour; one below the neighbour's lowest
   trial where all of its trials diverged.
2. Each further trial is the next lower one than the best so far; if that was tried or does not exist,
   the next higher one. While everything diverged, the next lower one than the lowest tried.
3. The cell is settled after `trials` of them, or when rule 2 has nothing left to try.

A failed run counts as a trial without a result: the siblings go on without it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

from nfdsl.plan import Cell
from nfdsl.schema.training import Grid, Monotone
from nfdsl.study.landscape import Landscape
from nfdsl.study.result import Result, measured


@dataclass(frozen=True)
class Known:
    """What has become of the runs so far."""

    results: Mapping[str, Result]
    failed: Mapping[str, str]  # run id to reason: runs that will get no result this time


@dataclass(frozen=True)
class Try:
    """These runs are to be carried out next."""

    runs: tuple[str, ...]


@dataclass(frozen=True)
class Await:
    """Nothing can be tried before another cell is settled."""

    cell: Cell


@dataclass(frozen=True)
class Settled:
    """Nothing is left to try."""


Verdict = Try | Await | Settled


def verdict(cell: Cell, landscape: Landscape, known: Known) -> Verdict:
    """Returns what to try next in `cell`."""
    match cell.tuner:
        case Grid():
            return _try(tuple(run for run in cell.runs if not _tried(run, known)))
        case Monotone(trials):
            return _monotone(cell, trials, landscape, known)
        case _:
            assert_never(cell.tuner)


def outstanding(cell: Cell, landscape: Landscape, known: Known) -> int:
    """Returns how many runs of `cell` are still to come, at most."""
    match verdict(cell, landscape, known):
        case Settled():
            return 0
        case Try() | Await():
            tried = sum(_tried(run, known) for run in cell.runs)
            return max(1, trials(cell) - tried)


def trials(cell: Cell) -> int:
    """Returns how many runs of `cell` a study carries out, at most."""
    match cell.tuner:
        case Grid():
            return len(cell.runs)
        case Monotone(count):
            return min(count, len(cell.runs))
        case _:
            assert_never(cell.tuner)


def tuned(cell: Cell, results: Mapping[str, Result]) -> str | None:
    """Returns the run of `cell` with the least of its metric, at a tie the one of lower learning rate.

    None where no run has a measurement: not finished, diverged, or nothing was held out.
    """
    best: tuple[float, str] | None = None
    for run in cell.runs:
        value = measured(results[run], cell.minimizing) if run in results else None
        if value is not None and (best is None or value < best[0]):
            best = (value, run)
    return None if best is None else best[1]


def _monotone(cell: Cell, count: int, landscape: Landscape, known: Known) -> Verdict:
    if sum(run in known.results for run in cell.runs) >= count:  # before waiting: history is never extended
        return Settled()
    neighbour = landscape.neighbours.get(cell.id)
    if neighbour is not None and not isinstance(verdict(neighbour, landscape, known), Settled):
        return Await(neighbour)
    first = cell.runs[_first(cell, landscape, known)]
    if not _tried(first, known):
        return _try((first,))
    if sum(_tried(run, known) for run in cell.runs) >= count:
        return Settled()
    return _try(_further(cell, known))


def _first(cell: Cell, landscape: Landscape, known: Known) -> int:
    """Rule 1: the position in `cell.runs` of the first trial."""
    neighbour = landscape.neighbours.get(cell.id)
    if neighbour is None:
        return len(cell.runs) - 1
    best = tuned(neighbour, known.results)
    if best is not None:
        return _position(landscape.runs[best].lr, cell, landscape)
    ended = [run for run in neighbour.runs if run in known.results]
    if ended:
        return max(0, _position(landscape.runs[ended[0]].lr, cell, landscape) - 1)
    return _position(landscape.runs[neighbour.runs[_first(neighbour, landscape, known)]].lr, cell, landscape)


def _further(cell: Cell, known: Known) -> tuple[str, ...]:
    """Rule 2: the next trial, if there is one."""
    best = tuned(cell, known.results)
    if best is None:
        lowest = min(place for place, run in enumerate(cell.runs) if _tried(run, known))
        return cell.runs[max(0, lowest - 1) : lowest]
    place = cell.runs.index(best)
    beside = (*cell.runs[max(0, place - 1) : place], *cell.runs[place + 1 : place + 2])
    return tuple(run for run in beside if not _tried(run, known))[:1]


def _position(lr: float, cell: Cell, landscape: Landscape) -> int:
    """The place in `cell.runs` of the highest learning rate that is not above `lr`, or 0."""
    rates = [landscape.runs[run].lr for run in cell.runs]
    return max(0, sum(rate <= lr for rate in rates) - 1)


def _tried(run: str, known: Known) -> bool:
    return run in known.results or run in known.failed


def _try(runs: tuple[str, ...]) -> Verdict:
    return Try(runs) if runs else Settled()
