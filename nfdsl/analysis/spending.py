"""The compute a study spent, on tuning above all, and what tuning saved against trying every learning rate."""

from collections.abc import Sequence
from dataclasses import dataclass

from nfdsl.analysis.numerals import significant
from nfdsl.study.numerals import count, percent
from nfdsl.study.records import Record, State

_OPEN: frozenset[State] = frozenset({"waiting", "running", "failed"})  # states that may still change what is best


@dataclass(frozen=True)
class Spending:
    """Training FLOPs of a study, ascent gradients included."""

    spent: float  # as far as runs came
    others: float  # of that, at learning rates known not to be the best of theirs
    saved: float  # of runs that tuning settled without
    unneeded: int


def spending(records: Sequence[Record]) -> Spending:
    """Returns what the runs cost as far as they came; runs that diverged or failed count up to there.

    What is best is known of a cell with several learning rates, none of which is still to come.
    """
    cells: dict[str, list[Record]] = {}
    for record in records:
        cells.setdefault(record.cell, []).append(record)
    settled = [cell for cell in cells.values() if len(cell) > 1 and not _unsettled(cell)]
    return Spending(
        sum(map(_spent, records)),
        sum(_spent(record) for cell in settled for record in cell if not record.tuned),
        sum(_whole(record) for record in records if record.state == "unneeded"),
        sum(record.state == "unneeded" for record in records),
    )


def told(records: Sequence[Record]) -> str:
    """Returns the sentences on it; empty while nothing is spent or where no learning rate was chosen."""
    found, unsettled = spending(records), _unsettled(records)
    if not found.spent or not (found.others or found.unneeded):
        return ""
    said = (
        f"Of {significant(found.spent)} training FLOPs spent{' so far' if unsettled else ''}, "
        f"{percent(found.others / found.spent)} went into learning rates that were not the best."
    )
    if not found.unneeded:
        return said if unsettled else f"{said} Every learning rate of the grid was run."
    saved = f"Tuning settled without {count(found.unneeded, 'run')} of {significant(found.saved)} FLOPs"
    share = percent(found.spent / (found.spent + found.saved))
    return f"{said} {saved}." if unsettled else f"{said} {saved}: the study cost {share} of its full grid."


def _unsettled(records: Sequence[Record]) -> bool:
    return any(record.state in _OPEN for record in records)


def _spent(record: Record) -> float:
    return _whole(record) * (record.step / record.steps)


def _whole(record: Record) -> float:
    return record.train_flops + record.sam_flops
