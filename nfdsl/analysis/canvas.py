"""The axes figures are drawn on: logarithmic with ticks that are never empty, legend above, units named.

The door to matplotlib for what is drawn: its stubs leave many keywords untyped, here and nowhere else.
"""
# pyright: reportUnknownMemberType=false

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedFormatter, FixedLocator, MaxNLocator, NullLocator
from matplotlib.transforms import ScaledTranslation, Transform

from nfdsl.analysis.curves import Cost
from nfdsl.analysis.key import LegendEntry
from nfdsl.analysis.numerals import chosen
from nfdsl.analysis.points import Floats
from nfdsl.analysis.style import INK, MUTED, PAPER, Look
from nfdsl.analysis.ticks import log_ticks, tick_labels

TIP = "tip:"  # what the id of a tip begins with; its text follows

AxisName = Literal["x", "y"]

_LEGEND_CHARACTERS = 58  # what fits across a figure, a handle counting as six
_POINTS_PER_INCH = 72
_TIP = 14.0  # points across, for a finger
_SIDESTEP = (4.0, 2.4)
_WHISKER = 0.4  # opacity of intervals, which often lie beside each other
_LEGEND_GAP = 8  # pixels under each legend


def blank() -> tuple[Figure, Axes]:
    """Returns an empty figure; to be called, and drawn on, within `house_style`."""
    figure = Figure()
    return figure, figure.add_subplot()


def tip(axes: Axes, x: float, y: float, text: str, *, beside: float = 0) -> None:
    """Has a page show `text` where a reader points at (x, y); nothing of it is seen on paper."""
    unseen: dict[str, Any] = {"linestyle": "none", "marker": "o", "markersize": _TIP, "alpha": 0.0}
    axes.plot([x], [y], **unseen, transform=_sidestepped(axes, beside), zorder=9, gid=f"{TIP}{text}")


def scale_log(axes: Axes, name: AxisName, values: Sequence[float], label: str) -> None:
    """Makes an axis logarithmic, wide enough for `values` (above 0), with its label and ticks."""
    low, high = _padded(min(values), max(values))
    axes.set(**{f"{name}scale": "log", f"{name}lim": (low, high), f"{name}label": label})
    _tick_log(_axis(axes, name), low, high)


def scale_linear(axes: Axes, name: AxisName, values: Sequence[float], label: str) -> None:
    """Makes an axis linear, wide enough for `values` (0 or above), with its label and ticks."""
    room = 0.1 * max(max(values) - min(values), 0.2)
    axes.set(**{f"{name}lim": (max(0.0, min(values) - room), max(values) + room), f"{name}label": label})
    _axis(axes, name).set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10], min_n_ticks=3))


def plot(axes: Axes, points: Sequence[tuple[float, float]], look: Look, *, beside: float = 0, level: float = 3) -> None:
    """Draws points (x, y) and the line through them.

    `beside` moves them that many sidesteps, of a few points on paper, so that equal series stay visible;
    what has a higher `level` lies on top.
    """
    place = _sidestepped(axes, beside)
    axes.plot([x for x, _ in points], [y for _, y in points], **_keywords(look), transform=place, zorder=level)


def whisker(axes: Axes, x: float, ends: tuple[float, float], look: Look, *, beside: float = 0) -> None:
    """Draws an interval along y, under the point that it belongs to; nothing where its ends are the same."""
    if ends[0] == ends[1]:
        return
    faint = replace(look, marker="_", line="-", alpha=_WHISKER)
    plot(axes, [(x, end) for end in ends], faint, beside=beside, level=1)


def band(axes: Axes, x: Floats, low: Floats, high: Floats) -> None:
    """Shades the interval of a law, each of shape [places], as far as the frame reaches; an end may be infinite."""
    low, high = (np.clip(end, *axes.get_ylim()) for end in (low, high))
    axes.fill_between(x, low, high, color=MUTED.light, alpha=0.14, linewidth=0, zorder=1)


def tick_choices(axes: Axes, name: AxisName, choices: Sequence[float]) -> None:
    """Ticks an axis at the values someone chose, if they are few enough to be read."""
    if 1 < len(choices) <= 9:
        _tick(_axis(axes, name), choices, [chosen(choice) for choice in choices])


def hours_per_flop(costs: Sequence[Cost]) -> float | None:
    """Returns the rate of core-hours to FLOPs; None where it is not known, or not one."""
    rates = [cost.core_hours / cost.flops for cost in costs if cost.core_hours is not None]
    if not rates or len(rates) < len(costs) or max(rates) > min(rates) * (1 + 1e-6):
        return None
    return rates[0]


def core_hours_above(axes: Axes, costs: Sequence[Cost]) -> None:
    """Adds core-hours along the top where every point has them, at one rate of core-hours to FLOPs."""
    rate = hours_per_flop(costs)
    if rate is None:
        return
    low, high = axes.get_xlim()
    above = axes.secondary_xaxis(
        "top", functions=(lambda flops: np.multiply(flops, rate), lambda hours: np.divide(hours, rate))
    )
    above.set_xlabel("core-hours")
    _tick_log(above.xaxis, low * rate, high * rate)


def legend_above(figure: Figure, *rows: Sequence[LegendEntry]) -> None:
    """Puts legends over the axes, one under the other; the figure grows by as much, the axes keep their size."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    legends = [_legend(figure, entries) for entries in rows if entries]
    heights = [legend.get_window_extent(renderer).height + _LEGEND_GAP for legend in legends]
    size = figure.bbox.height + sum(heights)
    figure.set_figheight(size / figure.dpi)
    for place, legend in enumerate(legends):
        legend.set_bbox_to_anchor((0.01, 1 - (_LEGEND_GAP / 2 + sum(heights[:place])) / size))
    layout = figure.get_layout_engine()
    assert isinstance(layout, ConstrainedLayoutEngine)
    layout.set(rect=(0, 0, 1, 1 - sum(heights) / size))


def _legend(figure: Figure, entries: Sequence[LegendEntry]) -> Legend:
    texts = [text if len(text) <= _LEGEND_CHARACTERS else f"{text[: _LEGEND_CHARACTERS - 1]}…" for _, text in entries]
    return figure.legend(
        [Line2D([], [], **_keywords(look)) for look, _ in entries],
        texts,
        loc="upper left",
        ncols=max(1, min(len(entries), _LEGEND_CHARACTERS // (max(map(len, texts)) + 6))),
        handlelength=1.8,
        columnspacing=1.8,
        borderpad=0,
        borderaxespad=0,
    )


def note(axes: Axes, text: str) -> None:
    """Writes into the lower left corner, which falling curves leave free."""
    behind = {"facecolor": PAPER.light, "edgecolor": "none", "pad": 2.0}
    # Over the grid and under the points.
    shared: dict[str, Any] = {"transform": axes.transAxes, "va": "bottom", "zorder": 1.8}
    axes.text(0.03, 0.04, text, color=INK.light, linespacing=1.5, bbox=behind, **shared)


def _sidestepped(axes: Axes, beside: float) -> Transform:
    right, up = (beside * step / _POINTS_PER_INCH for step in _SIDESTEP)
    figure = axes.get_figure(root=True)
    assert figure is not None
    return axes.transData + ScaledTranslation(right, up, figure.dpi_scale_trans)


def _keywords(look: Look) -> dict[str, Any]:
    face = {"paper": PAPER.light, "open": "none"}.get(look.fill, look.colour)
    return {
        "color": look.colour,
        "linestyle": look.line,
        "marker": look.marker,
        "markersize": look.size,
        "markerfacecolor": face,
        "markerfacecoloralt": PAPER.light,
        "fillstyle": look.fill if look.fill in ("left", "bottom") else "full",
        "markeredgewidth": 1.0 if look.alpha == 1 else 0.0,  # an edge would show through the face
        "alpha": look.alpha,
    }


def _axis(axes: Axes, name: AxisName) -> Axis:
    return axes.xaxis if name == "x" else axes.yaxis


def _tick_log(axis: Axis, low: float, high: float) -> None:
    ticks = log_ticks(low, high)
    _tick(axis, ticks, tick_labels(ticks))


def _tick(axis: Axis, ticks: Sequence[float], labels: Sequence[str]) -> None:
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_major_formatter(FixedFormatter(labels))
    axis.set_minor_locator(NullLocator())


def _padded(low: float, high: float) -> tuple[float, float]:
    """Returns log limits with 6% of room at both ends, spanning 2% at least, and more around a single value."""
    if high == low:
        return low / 1.5, high * 1.5
    ratio = high / low
    room = max(ratio**0.06, (1.02 / ratio) ** 0.5)
    return low / room, high * room
