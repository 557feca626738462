"""Which trained network a fine-tune starts from."""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean

from nfdsl.plan import Selection
from nfdsl.schema.evaluation import Metric
from nfdsl.study.landscape import Landscape, describe
from nfdsl.study.result import measured_kept
from nfdsl.study.tuning.known import Known
from nfdsl.study.tuning.ladder import Ladder
from nfdsl.study.tuning.survey import Settled, Verdict


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


def select(selection: Selection | None, landscape: Landscape, known: Known, verdicts: Mapping[str, Verdict]) -> Choice:
    """Returns the start that `selection` asks for, given the verdict on each cell.

    Every candidate must have ended first: a choice among fewer would change once the missing one is
    there. Of each cell the tuned run counts, with the weights that it would be begun from. Those of cells that
    differ in seeds alone rank by their mean, as one network whose best seed is the start: a lucky seed makes no
    better model or budget. At a tie the run of less compute ranks first.
    """
    if selection is None:
        return Chosen(None)
    ladders = _ladders(selection, landscape)
    lost = next((run for ladder in ladders for run in ladder.runs if run in known.failed), None)
    if lost is not None:
        return Impossible(f"a candidate for its start has no result: {describe(landscape.runs[lost])}")
    if not all(isinstance(verdicts[ladder.id], Settled) for ladder in ladders):
        return Pending()
    ranked = _ranked(ladders, selection.by, landscape, known)
    if selection.rank < len(ranked):
        return Chosen(ranked[selection.rank])
    return Impossible(_too_few(selection, len(ranked)))


def _ladders(selection: Selection, landscape: Landscape) -> list[Ladder]:
    ids = dict.fromkeys(landscape.runs[run].cell for run in selection.candidates)
    return [landscape.ladders[cell] for cell in ids]


def _ranked(ladders: list[Ladder], by: Metric, landscape: Landscape, known: Known) -> list[str]:
    """The tuned run of each network that has a measurement, best first."""
    networks: dict[str, list[tuple[float, int, str]]] = {}
    for ladder in ladders:
        best = ladder.best(known.results)
        if best is None:
            continue
        run = ladder.runs[best]
        value = measured_kept(known.results[run], by)
        if value is not None:
            seeds = networks.setdefault(landscape.runs[ladder.range[0]].replicates, [])
            seeds.append((value, landscape.runs[run].train_flops, run))
    ranked = [(fmean(value for value, _, _ in seeds), *min(seeds)[1:]) for seeds in networks.values()]
    return [run for _, _, run in sorted(ranked)]


def _too_few(selection: Selection, found: int) -> str:
    have = "none" if found == 0 else f"only {found}"
    return (
        f"it starts from number {selection.rank + 1} by {selection.by}, but {have} of its candidates "
        "trained without diverging and was evaluated on held-out images"
    )
