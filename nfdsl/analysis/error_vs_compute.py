"""Top-1 error against the compute of pre-training and fine-tuning together (arXiv 2310.16764, Figure 1)."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes

from nfdsl.analysis.canvas import (
    blank,
    core_hours_above,
    hours_per_flop,
    legend_above,
    plot,
    scale_linear,
    scale_log,
    tip,
    whisker,
)
from nfdsl.analysis.curves import Cost, curves, described, total_cost
from nfdsl.analysis.drawing import Drawing, Missing, Numbers
from nfdsl.analysis.key import LegendEntry, key
from nfdsl.analysis.numerals import TIMES, significant
from nfdsl.analysis.replicates import Replicated, explained, in_percent, noted
from nfdsl.analysis.style import MUTED, Look
from nfdsl.cost.published import SOURCES, Published, placed
from nfdsl.study.numerals import percent
from nfdsl.study.records import Record

_CAPTION = (
    "Top-1 error on held-out images against all the compute a network has had from random weights on: "
    f"6 {TIMES} multiply-adds {TIMES} images of pre-training and fine-tuning, and the ascent gradients of SAM."
)
_RELEASED = "What released weights have cost before is not known, and not counted."
_PUBLISHED = Look(MUTED.light, "*", line="none", size=9.0)
_HEADINGS = (
    "run",
    "model",
    "variant",
    "epochs",
    "lr",
    "compute",
    "core_hours",
    "top1_error",
    "seeds",
    "top1_deviation",
)


def draw_error_vs_compute(
    records: Sequence[Replicated], by_id: Mapping[str, Record], *, beside_published: bool = False
) -> Drawing | Missing:
    """Returns the figure of a block's records; `by_id` holds the whole study, for what they start from.

    To be called within `house_style`.
    """
    costs = {record.id: cost for record in records if (cost := total_cost(record, by_id)) is not None}
    best = [record for record in records if record.tuned and record.top1 is not None and record.id in costs]
    if not best:
        return Missing("No run has been evaluated yet.")
    lines = curves(best)
    shown = key(lines)
    others = placed(hours_per_flop([costs[record.id] for record in best])) if beside_published else ()
    figure, axes = blank()
    places = [*(costs[record.id].flops for record in best), *(flops for _, flops in others)]
    errors = [*(end for record in best for end in _reach(record)), *(100 * (1 - network.top1) for network, _ in others)]
    scale_log(axes, "x", places, "total training compute (FLOPs)")
    scale_linear(axes, "y", errors, "top-1 error (%)")
    core_hours_above(axes, [costs[record.id] for record in best])
    for line in lines:
        _draw_line(axes, sorted(line.records, key=lambda record: costs[record.id].flops), costs, shown.looks[line.name])
    legend_above(figure, shown.models, shown.variants, _draw_published(axes, others))
    rows = ((line.variant, record) for line in lines for record in line.records)
    numbers = Numbers(_HEADINGS, tuple(_row(variant, record, costs[record.id]) for variant, record in rows))
    told = (_CAPTION, _on_released(best), explained(best), _on_others(others))
    return Drawing(figure, " ".join(filter(None, told)), numbers)


def _draw_line(axes: Axes, records: Sequence[Replicated], costs: Mapping[str, Cost], look: Look) -> None:
    points = [(costs[record.id].flops, _error(record)) for record in records]
    plot(axes, points, look)
    for record, point in zip(records, points, strict=True):
        reached = f"{significant(point[1])}%{noted(record, in_percent(record.top1_deviation))}"
        tip(axes, *point, f"{described(record)}: {reached} with {significant(point[0])} FLOPs in all")
        whisker(axes, point[0], _reach(record), look)


def _draw_published(axes: Axes, networks: Sequence[tuple[Published, float]]) -> list[LegendEntry]:
    for network, flops in networks:
        error = 100 * (1 - network.top1)
        plot(axes, [(flops, error)], _PUBLISHED, level=2)
        tip(axes, flops, error, f"{network.name}, published: {percent(1 - network.top1)}")
    return [(_PUBLISHED, "published")] if networks else []


def _on_released(records: Sequence[Replicated]) -> str:
    return _RELEASED if any(record.weights for record in records) else ""


def _on_others(networks: Sequence[tuple[Published, float]]) -> str:
    return f"Stars are published: {SOURCES}." if networks else ""


def _reach(record: Replicated) -> tuple[float, float]:
    """Returns a standard deviation to either side of the error; the error itself for a single run."""
    reach = 100 * (record.top1_deviation or 0.0)
    return max(0.0, _error(record) - reach), min(100.0, _error(record) + reach)


def _row(variant: str, record: Replicated, spent: Cost) -> tuple[str | float | None, ...]:
    return (
        record.id,
        record.model,
        variant,
        record.epochs,
        record.lr,
        spent.flops,
        spent.core_hours,
        _error(record) / 100,
        len(record.done),
        record.top1_deviation,
    )


def _error(record: Record) -> float:
    assert record.top1 is not None
    return 100 * (1 - record.top1)
