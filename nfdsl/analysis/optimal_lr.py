"""Tuned learning rate against budget, a line per model (arXiv 2310.16764, Figure 3)."""

from collections.abc import Sequence
from dataclasses import replace

from matplotlib.axes import Axes

from nfdsl.analysis.canvas import blank, legend_above, plot, scale_log, tick_choices
from nfdsl.analysis.curves import curves
from nfdsl.analysis.drawing import Drawing, Missing
from nfdsl.analysis.key import LegendEntry, key
from nfdsl.analysis.rates import Edge, Optimum, doubts, optima
from nfdsl.analysis.style import INK, Look
from nfdsl.study.records import Record

_CAPTION = (
    "The learning rate with the best held-out result at each budget. Lines stand slightly beside each other, "
    "because models often share an optimum."
)


def draw_optimal_lr(records: Sequence[Record]) -> Drawing | Missing:
    """Returns the figure of a block's records. To be called within `house_style`."""
    found = optima(records)
    if not found:
        return Missing("No model and budget with a choice of learning rates has a result yet.")
    figure, axes = blank()
    _scale(axes, found)
    lines = curves([optimum.record for optimum in found])
    shown = key(lines)
    by_run = {optimum.record.id: optimum for optimum in found}
    for place, line in enumerate(lines):
        beside = place - (len(lines) - 1) / 2
        _draw_line(axes, [by_run[record.id] for record in line.records], shown.looks[line.name], beside)
    legend_above(figure, shown.models, shown.variants, _edge_key(found))
    return Drawing(figure, " ".join(filter(None, (_CAPTION, doubts(found)))))


def _scale(axes: Axes, found: Sequence[Optimum]) -> None:
    budgets = sorted({optimum.record.epochs for optimum in found})
    rates = sorted({rate for optimum in found for rate in optimum.grid})
    scale_log(axes, "x", budgets, "budget (epochs)")
    scale_log(axes, "y", rates, "optimal peak learning rate")
    tick_choices(axes, "x", budgets)
    tick_choices(axes, "y", rates)


def _draw_line(axes: Axes, line: Sequence[Optimum], look: Look, beside: float) -> None:
    points = [(optimum.record.epochs, optimum.record.lr) for optimum in line]
    plot(axes, points, replace(look, marker=""), beside=beside, level=2)
    for point, optimum in zip(points, line, strict=True):
        plot(axes, [point], _at_edge(look, optimum.edge) if optimum.edge else look, beside=beside)


def _at_edge(look: Look, edge: Edge) -> Look:
    return replace(look, marker="^" if edge == "highest" else "v", fill="paper", size=8.0)


def _edge_key(found: Sequence[Optimum]) -> list[LegendEntry]:
    met = {optimum.edge for optimum in found}
    mark = Look(INK.light, line="none")
    edges: tuple[Edge, ...] = ("highest", "lowest")
    return [(_at_edge(mark, edge), f"{edge} learning rate of its grid") for edge in edges if edge in met]
