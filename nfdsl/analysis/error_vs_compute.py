"""Top-1 error against the compute of pre-training and fine-tuning together (arXiv 2310.16764, Figure 1)."""

from collections.abc import Mapping, Sequence

from nfdsl.analysis.canvas import blank, core_hours_above, legend_above, plot, scale_linear, scale_log
from nfdsl.analysis.curves import curves, total_cost
from nfdsl.analysis.drawing import Drawing, Missing
from nfdsl.analysis.key import key
from nfdsl.analysis.numerals import TIMES
from nfdsl.study.records import Record

_CAPTION = (
    "Top-1 error on held-out images against all the compute a network has had from random weights on: "
    f"6 {TIMES} multiply-adds {TIMES} images of pre-training and fine-tuning, and the ascent gradients of SAM."
)


def draw_error_vs_compute(records: Sequence[Record], by_id: Mapping[str, Record]) -> Drawing | Missing:
    """Returns the figure of a block's records; `by_id` holds the whole study, for what they start from.

    To be called within `house_style`.
    """
    costs = {record.id: cost for record in records if (cost := total_cost(record, by_id)) is not None}
    best = [record for record in records if record.tuned and record.top1 is not None and record.id in costs]
    if not best:
        return Missing("No run has been evaluated yet.")
    lines = curves(best)
    shown = key(lines)
    figure, axes = blank()
    scale_log(axes, "x", [costs[record.id].flops for record in best], "total training compute (FLOPs)")
    scale_linear(axes, "y", [_error(record) for record in best], "top-1 error (%)")
    core_hours_above(axes, [costs[record.id] for record in best])
    for line in lines:
        points = sorted((costs[record.id].flops, _error(record)) for record in line.records)
        plot(axes, points, shown.looks[line.name])
    legend_above(figure, shown.models, shown.variants)
    return Drawing(figure, _CAPTION)


def _error(record: Record) -> float:
    assert record.top1 is not None
    return 100 * (1 - record.top1)
