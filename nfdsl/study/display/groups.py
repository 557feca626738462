"""The state of a study, summed up by block and model: runs, cells and the compute that was spent."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from nfdsl.study.tuning.known import Known
from nfdsl.study.tuning.ladder import Ladder
from nfdsl.study.tuning.survey import Settled, Verdict, outstanding, survey


@dataclass(frozen=True)
class Entry:
    """One run as far as the state of its study needs it, whether it is followed or read from files."""

    run: str
    block: str
    model: str
    point: str  # where it lies along the other axes, for people
    over: bool  # ended, with a result or without
    active: bool
    unneeded: bool  # tuning did without it
    diverged: bool
    missing: bool  # failed, or cannot be run
    share: float  # of its steps taken, in [0, 1]
    flops: float  # of all its training
    core_hours: float | None
    holdout_loss: float | None
    top1: float | None


@dataclass(frozen=True)
class Compute:
    """Training FLOPs, and the core-hours they stand for where that is known."""

    flops: float = 0.0
    core_hours: float | None = 0.0

    def __add__(self, other: "Compute") -> "Compute":
        flops = self.flops + other.flops
        if self.core_hours is None or other.core_hours is None:
            return Compute(flops, None)
        return Compute(flops, self.core_hours + other.core_hours)


@dataclass(frozen=True)
class Group:
    """Runs and cells summed up in one line."""

    block: str
    model: str  # empty for all models of the block
    over: int  # runs that ended, with a result or without
    total: int  # that are carried out at all; tuning may leave some out
    diverged: int
    missing: int  # failed or not run
    cells: int
    settled: int  # cells in which nothing is left to try
    censored: int  # settled with the best at the end of its learning rates: the optimum may lie beyond
    spent: Compute
    expected: Compute  # spent, and still to come
    best: Entry | None  # of least held-out loss


def groups(entries: Iterable[Entry], ladders: Mapping[str, Ladder], known: Known, most: int) -> list[Group]:
    """Returns a line for each block and model, or for each block where those were more than `most`, or none."""
    listed = list(entries)
    fine = summed(listed, ladders, known, by_model=True)
    if len(fine) <= most:
        return fine
    coarse = summed(listed, ladders, known, by_model=False)
    return coarse if len(coarse) <= most else []


def summed(entries: Iterable[Entry], ladders: Mapping[str, Ladder], known: Known, *, by_model: bool) -> list[Group]:
    """Returns a line for each block, or for each block and model, in the plan's order."""
    by_run = {entry.run: entry for entry in entries}
    members: dict[tuple[str, str], list[_Cell]] = {}
    for cell, verdict in survey(ladders, known).items():
        ladder = ladders[cell]
        sample = by_run[ladder.range[0]]
        found = _Cell([by_run[run] for run in ladder.runs if run in by_run], verdict, sample, ladder, known)
        members.setdefault((sample.block, sample.model if by_model else ""), []).append(found)
    return [_group(block, model, cells) for (block, model), cells in members.items()]


def whole(found: Sequence[Group]) -> Group:
    """Returns the sum of several groups."""
    return reduce(_plus, found, Group("", "", 0, 0, 0, 0, 0, 0, 0, Compute(), Compute(), None))


@dataclass(frozen=True)
class _Cell:
    """One cell with its runs."""

    entries: Sequence[Entry]
    verdict: Verdict
    sample: Entry
    ladder: Ladder
    known: Known

    @property
    def to_come(self) -> int:
        """Runs not begun yet, at least."""
        active = sum(entry.active for entry in self.entries)
        return max(0, outstanding(self.ladder, self.verdict, self.known) - active)

    @property
    def censored(self) -> bool:
        return isinstance(self.verdict, Settled) and self.verdict.censored is not None


def _group(block: str, model: str, cells: Sequence[_Cell]) -> Group:
    entries = [entry for cell in cells for entry in cell.entries]
    over = sum(entry.over and not entry.unneeded for entry in entries)
    spent = _sum(_compute(entry, entry.share) for entry in entries)
    left = _sum(_compute(entry, 1 - entry.share) for entry in entries if entry.active)
    coming = _sum(_compute(cell.sample, cell.to_come) for cell in cells)
    return Group(
        block=block,
        model=model,
        over=over,
        total=over + sum(entry.active for entry in entries) + sum(cell.to_come for cell in cells),
        diverged=sum(entry.diverged for entry in entries),
        missing=sum(entry.missing for entry in entries),
        cells=len(cells),
        settled=sum(isinstance(cell.verdict, Settled) for cell in cells),
        censored=sum(cell.censored for cell in cells),
        spent=spent,
        expected=spent + left + coming,
        best=_best(entry for entry in entries if entry.holdout_loss is not None),
    )


def _plus(one: Group, other: Group) -> Group:
    return Group(
        block="",
        model="",
        over=one.over + other.over,
        total=one.total + other.total,
        diverged=one.diverged + other.diverged,
        missing=one.missing + other.missing,
        cells=one.cells + other.cells,
        settled=one.settled + other.settled,
        censored=one.censored + other.censored,
        spent=one.spent + other.spent,
        expected=one.expected + other.expected,
        best=_best(entry for entry in (one.best, other.best) if entry is not None),
    )


def _best(entries: Iterable[Entry]) -> Entry | None:
    return min(entries, key=lambda entry: entry.holdout_loss or 0.0, default=None)


def _compute(entry: Entry, times: float) -> Compute:
    return Compute(entry.flops * times, None if entry.core_hours is None else entry.core_hours * times)


def _sum(parts: Iterable[Compute]) -> Compute:
    return reduce(Compute.__add__, parts, Compute())
