"""Which trained network a fine-tune starts from."""

from dataclasses import dataclass

from nfdsl.plan import Cell, Selection
from nfdsl.schema.training import Metric
from nfdsl.study.landscape import Landscape, describe
from nfdsl.study.result import measured
from nfdsl.study.tuning import Known, Settled, tuned, verdict


@dataclass(frozen=True)
class Chosen:
    """The run to start from; None is a start from random weights."""

    run: str | None


@dataclass(frozen=True)
class Pending:
    """Some candidates are still to be trained."""


@dataclass(frozen=True)
class Impossible:
    """There is no such network, and this time there will not be."""

    reason: str


Choice = Chosen | Pending | Impossible


def select(selection: Selection | None, landscape: Landscape, known: Known) -> Choice:
    """Returns the start that `selection` asks for.

    Every candidate must have ended first: a choice among fewer would change once the missing one is
    there. Of each cell the tuned run counts; at a tie the run of less compute ranks first.
    """
    if selection is None:
        return Chosen(None)
    lost = next((run for run in selection.candidates if run in known.failed), None)
    if lost is not None:
        return Impossible(f"a candidate for its start has no result: {describe(landscape.runs[lost])}")
    cells = _cells(selection, landscape)
    if not all(isinstance(verdict(cell, landscape, known), Settled) for cell in cells):
        return Pending()
    ranked = _ranked(cells, selection.by, landscape, known)
    if selection.rank < len(ranked):
        return Chosen(ranked[selection.rank])
    return Impossible(_too_few(selection, len(ranked)))


def _cells(selection: Selection, landscape: Landscape) -> list[Cell]:
    ids = dict.fromkeys(landscape.runs[run].cell for run in selection.candidates)
    return [landscape.cells[cell_id] for cell_id in ids]


def _ranked(cells: list[Cell], by: Metric, landscape: Landscape, known: Known) -> list[str]:
    """The tuned runs that have a measurement, best first."""
    ranked: list[tuple[float, int, str]] = []
    for cell in cells:
        run = tuned(cell, known.results)
        value = None if run is None else measured(known.results[run], by)
        if run is not None and value is not None:
            ranked.append((value, landscape.runs[run].train_flops, run))
    return [run for _, _, run in sorted(ranked)]


def _too_few(selection: Selection, found: int) -> str:
    have = "none" if found == 0 else f"only {found}"
    return (
        f"it starts from number {selection.rank + 1} by {selection.by}, but {have} of its candidates "
        "trained without diverging and was evaluated on held-out images"
    )
