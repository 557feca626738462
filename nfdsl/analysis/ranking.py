"""Whether the best networks by held-out loss are the best after fine-tuning too."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nfdsl.analysis.curves import epochs
from nfdsl.analysis.numerals import significant
from nfdsl.analysis.replicates import Replicated
from nfdsl.study.records import Record


@dataclass(frozen=True)
class Ranked:
    """A pre-trained network and the best that fine-tuning made of it."""

    start: Record
    finetuned: Replicated
    by_loss: int  # 1 is the best of those fine-tuned
    by_error: int


def ranking(records: Sequence[Replicated], by_id: Mapping[str, Record]) -> tuple[Ranked, ...]:
    """Returns the networks that a finetune block started from, best by fine-tuned error first.

    Of several fine-tunes of one network the best counts, by the mean over its seeds; at a tie the network of less
    held-out loss is first.
    """
    best: dict[str, Replicated] = {}
    for record in records:
        start = by_id.get(record.start or "")
        if record.top1 is None or start is None or start.holdout_loss is None:
            continue
        if start.id not in best or _top1(record) > _top1(best[start.id]):
            best[start.id] = record
    by_loss = sorted(best, key=lambda start: _loss(by_id[start]))
    by_error = sorted(by_loss, key=lambda start: -_top1(best[start]))
    return tuple(
        Ranked(by_id[start], best[start], by_loss.index(start) + 1, place) for place, start in enumerate(by_error, 1)
    )


def correlation(ranked: Sequence[Ranked]) -> float:
    """Returns Spearman's rank correlation of held-out loss and fine-tuned error, for two networks or more."""
    places = np.array([[one.by_loss, one.by_error] for one in ranked], dtype=np.float64)
    differences = places[:, 0] - places[:, 1]
    n = len(ranked)
    return float(1 - 6 * (differences @ differences) / (n * (n * n - 1)))


def told(block: str, ranked: Sequence[Ranked]) -> str:
    """Returns a sentence on how the two rankings differ; empty for fewer than two networks."""
    if len(ranked) < 2:
        return ""
    same = all(one.by_loss == one.by_error for one in ranked)
    if same:
        return (
            f"The {len(ranked)} networks that {block} fine-tuned rank the same by fine-tuned error as by held-out loss."
        )
    by_error = ranked[0]
    by_loss = next(one for one in ranked if one.by_loss == 1)
    said = (
        f"The {len(ranked)} networks that {block} fine-tuned rank differently by fine-tuned error than by held-out "
        f"loss (Spearman's correlation {significant(correlation(ranked), 2)})"
    )
    if by_error is by_loss:
        return f"{said}; the best is the same: {_name(by_loss)}."
    return (
        f"{said}: {_name(by_error)} has the lowest error, and is number {by_error.by_loss} by held-out loss"
        f"{_compared(by_error.start, by_loss.start)} than {_name(by_loss)}, which has the lowest loss."
    )


def _name(one: Ranked) -> str:
    return f"{one.start.model} pre-trained for {epochs(one.start)}"


def _compared(one: Record, other: Record) -> str:
    """Returns how a network differs from another in size and budget: ``, a larger model at a smaller budget``."""
    size = "a larger model" if one.params > other.params else "a smaller model" if one.params < other.params else ""
    longer = "a larger budget" if one.epochs > other.epochs else "a smaller budget" if one.epochs < other.epochs else ""
    return f"; it is {' at '.join(filter(None, (size, longer)))}" if size or longer else "; it is no larger or longer"


def _top1(record: Record) -> float:
    assert record.top1 is not None
    return record.top1


def _loss(record: Record) -> float:
    assert record.holdout_loss is not None
    return record.holdout_loss
