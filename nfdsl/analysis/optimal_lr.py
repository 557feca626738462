"""Tuned learning rate against budget, a line per model (arXiv 2310.16764, Figure 3)."""

from collections.abc import Sequence
from dataclasses import replace

from matplotlib.axes import Axes

from nfdsl.analysis.canvas import blank, legend_above, plot, scale_log, tick_choices, tip, whisker
from nfdsl.analysis.curves import curves, epochs, rates_kept
from nfdsl.analysis.drawing import Drawing, Missing, Numbers
from nfdsl.analysis.key import LegendEntry, key
from nfdsl.analysis.numerals import chosen, significant
from nfdsl.analysis.rates import Edge, TunedRate, doubts, optima
from nfdsl.analysis.replicates import Replicated, counted
from nfdsl.analysis.style import INK, Look

_CAPTION = (
    "The learning rate with the best held-out result at each budget, by a parabola in log learning rate through the "
    "best ones tried, with its 95% interval: all that was tried around it where three points leave no residual. "
    "Lines stand slightly beside each other, "
    "because models often share an optimum."
)


def draw_optimal_lr(records: Sequence[Replicated]) -> Drawing | Missing:
    """Returns the figure of a block's records. To be called within `house_style`."""
    found = optima(records)
    if not found and rates_kept([record for record in records if record.tuned]):
        return Missing("Every learning rate is kept, and none is chosen from the others.")
    if not found:
        return Missing("No model and budget with a choice of learning rates has a result yet.")
    figure, axes = blank()
    _scale(axes, found)
    lines = curves([tuned.record for tuned in found])
    shown = key(lines)
    by_run = {tuned.record.id: tuned for tuned in found}
    for place, line in enumerate(lines):
        beside = place - (len(lines) - 1) / 2
        _draw_line(axes, [by_run[record.id] for record in line.records], shown.looks[line.name], beside)
    legend_above(figure, shown.models, shown.variants, _edge_key(found))
    seeds = counted([tuned.record for tuned in found])
    means = f"Results are means over {seeds} seeds." if seeds else ""
    return Drawing(figure, " ".join(filter(None, (_CAPTION, means, doubts(found)))), _numbers(found))


def _numbers(found: Sequence[TunedRate]) -> Numbers:
    headings = ("model", "epochs", "examples", "best_tried", "optimum", "low", "high", "censored", "settled", "seeds")
    rows = (
        (one.model, one.epochs, one.images, one.lr, *_place(tuned), str(tuned.settled), len(one.done))
        for tuned in found
        for one in (tuned.record,)
    )
    return Numbers(headings, tuple(rows))


def _place(tuned: TunedRate) -> tuple[float | None, float | None, float | None, str]:
    """The optimum, its interval and the edge it is on, which leaves it without an interval."""
    place = tuned.optimum
    return (place.rate, None, None, tuned.edge) if tuned.edge else (place.rate, place.low, place.high, "")


def _told(tuned: TunedRate) -> str:
    where, place = f"{tuned.record.model}, {epochs(tuned.record)}", tuned.optimum
    if tuned.edge:
        return f"{where}: {chosen(tuned.record.lr)}, the {tuned.edge} learning rate of its grid"
    reach = f"{significant(place.low, 2)} to {significant(place.high, 2)}"
    return f"{where}: {significant(place.rate, 2)} (95% interval {reach}); best tried {chosen(tuned.record.lr)}"


def _scale(axes: Axes, found: Sequence[TunedRate]) -> None:
    budgets = sorted({tuned.record.epochs for tuned in found})
    rates = sorted({rate for tuned in found for rate in tuned.grid})
    scale_log(axes, "x", budgets, "budget (epochs)")
    scale_log(axes, "y", rates, "optimal peak learning rate")
    tick_choices(axes, "x", budgets)
    tick_choices(axes, "y", rates)


def _draw_line(axes: Axes, line: Sequence[TunedRate], look: Look, beside: float) -> None:
    points = [(tuned.record.epochs, tuned.optimum.rate) for tuned in line]
    plot(axes, points, replace(look, marker=""), beside=beside, level=2)
    for point, tuned in zip(points, line, strict=True):
        if tuned.edge is None:
            whisker(axes, point[0], (tuned.optimum.low, tuned.optimum.high), look, beside=beside)
        plot(axes, [point], _at_edge(look, tuned.edge) if tuned.edge else look, beside=beside)
        tip(axes, *point, _told(tuned), beside=beside)


def _at_edge(look: Look, edge: Edge) -> Look:
    return replace(look, marker="^" if edge == "highest" else "v", fill="paper", size=8.0)


def _edge_key(found: Sequence[TunedRate]) -> list[LegendEntry]:
    met = {tuned.edge for tuned in found}
    mark = Look(INK.light, line="none")
    edges: tuple[Edge, ...] = ("highest", "lowest")
    return [(_at_edge(mark, edge), f"{edge} learning rate of its grid") for edge in edges if edge in met]
