"""Held-out loss against training compute, a curve per model, with the law (arXiv 2310.16764, Figure 2)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes

from nfdsl.analysis.canvas import blank, core_hours_above, legend_above, note, plot, scale_log
from nfdsl.analysis.curves import Cost, curves
from nfdsl.analysis.drawing import Drawing, Missing
from nfdsl.analysis.fit import FitError
from nfdsl.analysis.key import LegendEntry, key
from nfdsl.analysis.laws import fit_law, optimal
from nfdsl.analysis.numerals import TIMES
from nfdsl.analysis.style import INK, MUTED, Look
from nfdsl.study.records import Record

# The axis reaches for runs at other learning rates this far above the tuned ones, as a share of
# the tuned ones' own range: a run that nearly diverged must not flatten the curves.
_HEADROOM = 0.6
_RING = Look(INK.light, "o", line="none", fill="open", size=11.0)
_LAW = Look(MUTED.light, line=(0.0, (5.0, 2.5)))
_CAPTION = (
    "Each curve is one model at its budgets, every point the best learning rate of that budget. "
    "Ringed points are compute-optimal: no run of as much compute or less has a lower loss. "
    f"Compute is 6 {TIMES} multiply-adds {TIMES} images."
)


def draw_loss_vs_compute(records: Sequence[Record], *, fitted: bool) -> Drawing | Missing:
    """Returns the figure of a block's records, the law in it if it is to be `fitted` and can be.

    To be called within `house_style`.
    """
    evaluated = [record for record in records if record.holdout_loss]  # 0 has no place on a log axis
    best = [record for record in evaluated if record.tuned]
    if not best:
        return Missing("No run has a held-out loss yet.")
    ceiling = _ceiling([_loss(record) for record in best])
    visible = [record for record in evaluated if _loss(record) <= ceiling]
    lines = curves(best)
    shown = key(lines)
    figure, axes = blank()
    _scale(axes, visible)
    _draw_others(axes, visible, {record.cell: shown.looks[line.name] for line in lines for record in line.records})
    for line in lines:
        plot(axes, _points(line.records), shown.looks[line.name])
    plot(axes, _points(optimal(best)), _RING, level=4)
    law, remark = _draw_law(axes, best) if fitted else ([], "")
    legend_above(figure, shown.models, shown.variants, [(_RING, "compute-optimal"), *law])
    return Drawing(figure, " ".join(filter(None, (_CAPTION, _on_others(evaluated, visible), remark))))


def _scale(axes: Axes, visible: Sequence[Record]) -> None:
    scale_log(axes, "x", [record.train_flops for record in visible], "training compute (FLOPs)")
    scale_log(axes, "y", [_loss(record) for record in visible], "held-out loss")
    core_hours_above(axes, [Cost(record.train_flops, record.core_hours) for record in visible])


def _draw_others(axes: Axes, visible: Sequence[Record], looks: Mapping[str, Look]) -> None:
    for record in visible:
        if not record.tuned:
            plot(axes, _points([record]), replace(looks[record.cell], size=3.5, alpha=0.35), level=2)


def _draw_law(axes: Axes, best: Sequence[Record]) -> tuple[list[LegendEntry], str]:
    """Draws the law over the compute it was fitted on; returns its legend entry, or why there is none."""
    try:
        fit = fit_law(best)
    except FitError as error:
        return [], f"No law is drawn. {error}"
    compute = np.array([record.train_flops for record in optimal(best)], dtype=np.float64)
    plot(axes, list(zip(compute.tolist(), fit.law.loss(compute).tolist(), strict=True)), _LAW, level=2)
    note(axes, f"{fit.law}\nexponent {fit.law.b:.2g}, 95% interval {fit.exponent}")
    return [(_LAW, "fitted law")], ""


def _points(records: Sequence[Record]) -> list[tuple[float, float]]:
    return [(record.train_flops, _loss(record)) for record in records]


def _loss(record: Record) -> float:
    assert record.holdout_loss is not None
    return record.holdout_loss


def _ceiling(losses: Sequence[float]) -> float:
    low, high = min(losses), max(losses)
    return high * max(high / low, 1.2) ** _HEADROOM


def _on_others(evaluated: Sequence[Record], visible: Sequence[Record]) -> str:
    """Returns a word on the runs at other learning rates, empty where there are none."""
    if all(record.tuned for record in evaluated):
        return ""
    outside = len(evaluated) - len(visible)
    beyond = f", {outside:,} of them above the frame" if outside else ""
    return f"Faint points are other learning rates{beyond}."
