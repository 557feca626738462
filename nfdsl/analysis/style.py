"""What every figure looks like: colours that work in light and dark and for the colour-blind, type, lines."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import cycle
from typing import Any, Literal
from warnings import catch_warnings, filterwarnings

import matplotlib


@dataclass(frozen=True)
class Colour:
    """One colour of the report by the name it has in the page, in its light and dark form."""

    name: str
    light: str
    dark: str


PAPER = Colour("paper", "#ffffff", "#17191d")
INK = Colour("ink", "#1c2024", "#e8eaed")
MUTED = Colour("muted", "#5f6772", "#a3abb5")
RULE = Colour("rule", "#dfe3e8", "#343940")

# Okabe and Ito's colours without yellow and black (jfly.uni-koeln.de/color), lightened for dark pages.
SERIES = (
    Colour("blue", "#0072b2", "#4aa8e0"),
    Colour("vermillion", "#d55e00", "#ff8a47"),
    Colour("green", "#009e73", "#2fc49a"),
    Colour("purple", "#b8578d", "#e394c0"),
    Colour("orange", "#d18f00", "#f0b541"),
    Colour("sky", "#3f9fd8", "#8bd0f7"),
)
COLOURS = (PAPER, INK, MUTED, RULE, *SERIES)

# No triangles: they mark optima on the edge of a grid. Seven shapes and six colours make 42 pairs.
_MARKERS = ("o", "s", "D", "p", "X", "h", "P")


@dataclass(frozen=True)
class Look:
    """How a series is drawn; `fill` is of its markers: the colour, paper, nothing, or half of each."""

    colour: str
    marker: str = ""
    line: str | tuple[float, tuple[float, ...]] = "-"
    fill: Literal["full", "paper", "open", "left", "bottom"] = "full"
    size: float = 6.0  # points across a marker
    alpha: float = 1.0


_SETTINGS: dict[Any, Any] = {
    "axes.edgecolor": MUTED.light,
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.labelcolor": INK.light,
    "axes.labelpad": 6.0,
    "axes.labelsize": 10.0,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.unicode_minus": True,
    "figure.constrained_layout.use": True,
    "figure.dpi": 100.0,
    "figure.facecolor": PAPER.light,
    "figure.figsize": (5.6, 3.6),
    "font.family": ["DejaVu Sans"],
    "font.size": 9.5,
    "grid.color": RULE.light,
    "grid.linewidth": 0.7,
    "legend.fontsize": 9.5,
    "legend.frameon": False,
    "legend.labelcolor": INK.light,
    "lines.linewidth": 1.6,
    "lines.markersize": 6.0,
    "text.color": INK.light,
    # Labels come from specs: a `$` in one is a dollar sign, not mathematics.
    "text.parse_math": False,
    "xtick.color": MUTED.light,
    "xtick.labelcolor": INK.light,
    "xtick.labelsize": 9.0,
    "ytick.color": MUTED.light,
    "ytick.labelcolor": INK.light,
    "ytick.labelsize": 9.0,
    # The same figure is the same bytes; text stays text, in the reader's font.
    "svg.fonttype": "none",
    "svg.hashsalt": "nfdsl",
}


@dataclass(frozen=True)
class SeriesStyle:
    colour: str
    marker: str


@dataclass(frozen=True)
class VariantStyle:
    """What tells curves of one colour apart."""

    fill: Literal["full", "none", "left", "bottom"]
    line: str


_VARIANTS = (
    VariantStyle("full", "-"),
    VariantStyle("none", "--"),
    VariantStyle("left", "-."),
    VariantStyle("bottom", ":"),
)


@contextmanager
def house_style() -> Generator[None]:
    """Figures are made and saved within this, so that a user's matplotlibrc does not reach them."""
    with matplotlib.rc_context(), catch_warnings():  # pyright: ignore[reportUnknownMemberType]
        filterwarnings("ignore", message="Glyph")  # one that DejaVu lacks; the reader's browser may have it
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS)
        yield


def series_looks(names: Sequence[str]) -> dict[str, Look]:
    """Returns a colour and a marker for each name; no two alike for up to 42 names."""
    pairs = zip(cycle(SERIES), cycle(_MARKERS), strict=False)
    return {name: Look(colour.light, marker) for name, (colour, marker) in zip(names, pairs, strict=False)}


def variant(look: Look, place: int) -> Look:
    """Returns `look` told apart by fill and line; no two alike for the first four places."""
    match place % 4:
        case 0:
            return look
        case 1:
            return replace(look, fill="paper", line="--")
        case 2:
            return replace(look, fill="left", line="-.")
        case _:
            return replace(look, fill="bottom", line=":")
