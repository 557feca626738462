"""Figures as PNG files and as SVG that follows the colours of the page it stands in."""
# pyright: reportUnknownMemberType=false

import re
from io import StringIO
from pathlib import Path

from matplotlib.figure import Figure

from nfdsl.analysis.style import COLOURS, house_style

_DPI = 200


def save_png(figure: Figure, path: Path) -> None:
    """Writes a figure at 200 dots per inch; the same figure gives the same bytes."""
    with house_style():
        figure.savefig(path, format="png", dpi=_DPI, metadata={"Software": None})


def inline_svg(figure: Figure, prefix: str, label: str) -> str:
    """Returns an ``<svg>`` element for an HTML page; the same figure gives the same text.

    Its colours are the page's custom properties ``--NAME`` (see `style.COLOURS`) and its ids start with
    `prefix`, because all figures of a page share one space of ids. `label` is read out instead of it; it
    must be escaped.
    """
    with house_style(), StringIO() as file:
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
        text = file.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r'<svg [^>]*?(viewBox="[^"]*")[^>]*>', rf'<svg \1 role="img" aria-label="{label}">', text, count=1)
    text = re.sub(r'\bid="', f'id="{prefix}', text)
    text = re.sub(r'(?:xlink:)?(href="#|url\(#)', rf"\g<1>{prefix}", text)
    for colour in COLOURS:
        text = text.replace(colour.light, f"var(--{colour.name})")
    return text
