"""The compute a study spent, on tuning above all, and what tuning saved against trying every learning rate."""

from collections.abc import Sequence
from dataclasses import dataclass

from nfdsl.analysis.numerals import significant
from nfdsl.study.numerals import count, percent
from nfdsl.study.records import Record


@dataclass(frozen=True)
class Spending:
    """Training FLOPs of a study, ascent gradients included."""

    best: float  # of the tuned runs
    others: float  # of runs at other learning rates, as far as they came
    saved: float  # of runs that tuning settled without
    unneeded: int

    @property
    def spent(self) -> float:
        return self.best + self.others


def spending(records: Sequence[Record]) -> Spending:
    """Returns what the runs cost as far as they came; runs that diverged or failed count up to there."""
    return Spending(
        sum(map(_spent, filter(lambda record: record.tuned, records))),
        sum(map(_spent, filter(lambda record: not record.tuned, records))),
        sum(_whole(record) for record in records if record.state == "unneeded"),
        sum(record.state == "unneeded" for record in records),
    )


def told(records: Sequence[Record]) -> str:
    """Returns the sentences on it; empty while nothing is spent or where no learning rate was chosen."""
    found = spending(records)
    if not found.spent or not (found.others or found.unneeded):
        return ""
    share = percent(found.others / found.spent)
    said = (
        f"Of {significant(found.spent)} training FLOPs spent, {share} went into learning rates that were not the best."
    )
    if not found.unneeded:
        return f"{said} Every learning rate of the grid was run."
    whole = found.spent + found.saved
    return (
        f"{said} Tuning settled without {count(found.unneeded, 'run')} of {significant(found.saved)} FLOPs: the study "
        f"cost {percent(found.spent / whole)} of its full grid."
    )


def _spent(record: Record) -> float:
    return _whole(record) * (record.step / record.steps)


def _whole(record: Record) -> float:
    return record.train_flops + record.sam_flops
