"""Figures as PNG and SVG files, and as SVG that follows the colours of the page it stands in."""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

import re
from io import StringIO
from pathlib import Path

from matplotlib import rc_context
from matplotlib.figure import Figure

from nfdsl.analysis.canvas import TIP
from nfdsl.analysis.style import COLOURS, house_style

_DPI = 300
_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}
_TIPPED = re.compile(rf'<g id="{TIP}([^"]*)">')


def save_png(figure: Figure, path: Path) -> None:
    """Writes a figure at 300 dots per inch; the same figure gives the same bytes."""
    with house_style():
        figure.savefig(path, format="png", dpi=_DPI, metadata={"Software": None})


def save_svg(figure: Figure, path: Path) -> None:
    """Writes a figure whose letters are outlines, so that it looks the same everywhere; same figure, same bytes."""
    with house_style(), rc_context({"svg.fonttype": "path"}):
        path.write_text(_with_tips(_svg(figure)), encoding="utf-8")


def inline_svg(figure: Figure, prefix: str, label: str) -> str:
    """Returns an ``<svg>`` element for an HTML page; the same figure gives the same text.

    Its colours are the page's custom properties ``--NAME`` (see `style.COLOURS`) and its ids start with
    `prefix`, because all figures of a page share one space of ids. `label` is read out instead of it; it
    must be escaped.
    """
    with house_style():
        text = _with_tips(_svg(figure))
    text = text[text.index("<svg") :]
    text = re.sub(r'<svg [^>]*?(viewBox="[^"]*")[^>]*>', rf'<svg \1 role="img" aria-label="{label}">', text, count=1)
    text = re.sub(r'\bid="', f'id="{prefix}', text)
    text = re.sub(r'(?:xlink:)?(href="#|url\(#)', rf"\g<1>{prefix}", text)
    for colour in COLOURS:
        text = text.replace(colour.light, f"var(--{colour.name})")
    return text


def _svg(figure: Figure) -> str:
    with StringIO() as file:
        figure.savefig(file, format="svg", metadata=_METADATA)
        return file.getvalue()


def _with_tips(svg: str) -> str:
    """Returns the drawing with the text of each tip as the title of its mark, which browsers show on pointing at it."""
    return _TIPPED.sub(r'<g class="tip"><title>\1</title>', svg)
