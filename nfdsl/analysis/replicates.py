"""Runs that differ in seeds alone, as one: what they reached on average, and how widely they scatter.

A seed is no choice of a study's but a draw of its noise. Figures, laws and tables therefore take replicates as one
point, their mean, and tell the standard deviation beside it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, stdev

from nfdsl.schema.evaluation import metric
from nfdsl.study.numerals import count, percent
from nfdsl.study.records import Record, State

# What replicates are together: the first of these that one of them is.
_STATES: tuple[State, ...] = ("running", "waiting", "done", "diverged", "failed", "unneeded")


@dataclass(frozen=True)
class Replicated(Record):
    """Replicates as one run: measurements are means over those that are done; the id is that of the first.

    `tuned` is the learning rate of the lowest mean among those that all seeds survived and most have tried.
    """

    members: tuple[Record, ...]  # a run without replicates is its only one

    @property
    def done(self) -> tuple[Record, ...]:
        """The runs that the means are over."""
        return tuple(member for member in self.members if member.state == "done")

    @property
    def diverged(self) -> bool:
        """Whether one of them diverged."""
        return any(member.state == "diverged" for member in self.members)

    @property
    def minimized(self) -> float | None:
        """What learning rates are compared by."""
        return metric(self.minimizing, self.holdout_loss, self.top1)

    @property
    def loss_deviation(self) -> float | None:
        """Standard deviation of the held-out loss over the seeds; None for fewer than two."""
        return deviation(member.holdout_loss for member in self.done)

    @property
    def top1_deviation(self) -> float | None:
        """Standard deviation of the top-1 share over the seeds; None for fewer than two."""
        return deviation(member.top1 for member in self.done)

    @property
    def repeated(self) -> bool:
        """Whether there is more than one seed, done or not."""
        return len(self.members) > 1


def averaged(records: Iterable[Record]) -> tuple[Replicated, ...]:
    """Returns replicates as one, in the order of the first of each; runs without any as they are."""
    groups: dict[str, list[Record]] = {}
    for record in records:
        groups.setdefault(record.replicates, []).append(record)
    cells, seeds = _cells(groups.values()), dict[str, set[str]]()
    for group in groups.values():
        seeds.setdefault(cells[group[0].cell], set()).update(_differing(group))
    merged = [_merged(group, cells[group[0].cell], seeds[cells[group[0].cell]]) for group in groups.values()]
    repeated = {each.cell for each in merged if each.repeated}
    best = _best([each for each in merged if each.cell in repeated])
    return tuple(replace(each, tuned=each.id in best) if each.cell in repeated else each for each in merged)


def runs(records: Iterable[Replicated]) -> tuple[Record, ...]:
    """Returns the runs themselves."""
    return tuple(member for record in records for member in record.members)


def counted(records: Iterable[Replicated]) -> str:
    """Returns how many seeds means are over, ``3`` or ``2 to 3``; empty where nothing was repeated."""
    counts = sorted({len(record.done) for record in records if record.repeated})
    return " to ".join(dict.fromkeys(map(str, (counts[0], counts[-1])))) if counts else ""


def explained(records: Iterable[Replicated]) -> str:
    """Returns a sentence for under a figure whose whiskers are deviations; empty where nothing was repeated."""
    seeds = counted(records)
    return f"Points are means over {seeds} seeds, bars one standard deviation to either side." if seeds else ""


def noted(record: Replicated, spread: str) -> str:
    """Returns what a mean is over, in brackets, with its standard deviation if there is one; empty for one run."""
    if not record.repeated:
        return ""
    seeds = count(len(record.done), "seed")
    return f" (mean of {seeds}, standard deviation {spread})" if spread else f" ({seeds} of {len(record.members)})"


def share(mean: float | None, spread: float | None) -> str:
    """Returns a share in percent, ``97.8%``, or with its standard deviation ``97.81 \N{PLUS-MINUS SIGN} 0.12%``."""
    if mean is None or spread is None:
        return percent(mean)
    return f"{100 * mean:.2f} \N{PLUS-MINUS SIGN} {in_percent(spread)}"


def in_percent(spread: float | None) -> str:
    """Returns the standard deviation of a share, ``0.12%``; empty where there is none."""
    return "" if spread is None else f"{100 * spread:.2f}%"


def deviation(values: Iterable[float | None]) -> float | None:
    """Returns the standard deviation (with n - 1) of the values there are; None for fewer than two."""
    known = [value for value in values if value is not None]
    return stdev(known) if len(known) > 1 else None


def _cells(groups: Iterable[Sequence[Record]]) -> Mapping[str, str]:
    """Returns for each cell the first one whose runs are replicates of its own."""
    first: dict[str, str] = {}
    for group in groups:
        leader = first.get(group[0].cell, group[0].cell)
        for record in group:
            first.setdefault(record.cell, leader)
    return first


def _differing(group: Sequence[Record]) -> set[str]:
    """Returns the axes along which replicates differ."""
    axes = {axis for record in group for axis in record.labels}
    return {axis for axis in axes if len({record.labels.get(axis) for record in group}) > 1}


def _merged(group: Sequence[Record], cell: str, seeds: set[str]) -> Replicated:
    first, done = group[0], [record for record in group if record.state == "done"]
    labels = {axis: choice for axis, choice in first.labels.items() if axis not in seeds}
    merged = replace(Replicated(**vars(first), members=tuple(group)), cell=cell, labels=labels)
    if len(group) == 1:
        return merged
    return replace(
        merged,
        start=next((record.start for record in group if record.start is not None), None),
        state=next(state for state in _STATES if any(record.state == state for record in group)),
        step=min(record.step for record in group),
        train_loss=_mean(record.train_loss for record in done),
        holdout_loss=_mean(record.holdout_loss for record in done),
        top1=_mean(record.top1 for record in done),
        top5=_mean(record.top5 for record in done),
        accuracies=_means([record.accuracies for record in done]),
        seconds=_mean(record.seconds for record in done),
        failure=next((record.failure for record in group if record.failure is not None), None),
    )


def _best(merged: Sequence[Replicated]) -> set[str]:
    """Returns by cell the run whose learning rate is the best: none diverged, most seeds, lowest mean, lowest rate."""
    best: dict[str, Replicated] = {}
    for each in merged:
        if each.minimized is not None and (each.cell not in best or _order(each) < _order(best[each.cell])):
            best[each.cell] = each
    return {each.id for each in best.values()}


def _order(record: Replicated) -> tuple[bool, int, float, float]:
    assert record.minimized is not None
    return record.diverged, -len(record.done), record.minimized, record.lr


def _means(accuracies: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Returns the mean of each accuracy over those that have it."""
    names = dict.fromkeys(name for each in accuracies for name in each)
    return {name: fmean(each[name] for each in accuracies if name in each) for name in names}


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None
