"""The means over seeds, in HTML."""

from collections import Counter
from collections.abc import Sequence

from nfdsl.analysis.numerals import chosen, significant
from nfdsl.analysis.replicates import Replicated, share
from nfdsl.analysis.table import Column, named, rows_of
from nfdsl.study.numerals import loss


def seeds_table(points: Sequence[Replicated]) -> str:
    """Returns a ``<table>`` with a row for each mean; names in it are escaped, empty columns left out."""
    sizes = Counter(point.cell for point in points)
    marked = [point.tuned and sizes[point.cell] > 1 for point in points]
    columns = (
        *named(points),
        Column("seeds", tuple(_seeds(point) for point in points)),
        Column(
            "learning rate",
            tuple(f"{'★ ' if mark else ''}{chosen(p.lr)}" for p, mark in zip(points, marked, strict=True)),
        ),
        Column("epochs", tuple(chosen(point.epochs) for point in points)),
        Column("training FLOPs each", tuple(significant(point.train_flops) for point in points)),
        Column("held-out loss", tuple(_loss(point) for point in points)),
        Column("top-1", tuple(share(point.top1, point.top1_deviation) for point in points)),
    )
    return rows_of(columns, ["tuned" if mark else "" for mark in marked])


def _seeds(point: Replicated) -> str:
    done, planned = len(point.done), len(point.members)
    return str(done) if done == planned else f"{done} of {planned}"


def _loss(point: Replicated) -> str:
    spread = "" if point.loss_deviation is None else significant(point.loss_deviation, 2)
    return f"{loss(point.holdout_loss)} \N{PLUS-MINUS SIGN} {spread}" if spread else loss(point.holdout_loss)
