import re
import xml.etree.ElementTree as ET

import pytest

from nfdsl.analysis.canvas import blank, legend_above, plot, scale_log
from nfdsl.analysis.render import inline_svg, save_png
from nfdsl.analysis.style import COLOURS, SERIES, Look, house_style


def drawn(label="a <model> & $x$ 模型"):
    with house_style():
        figure, axes = blank()
        scale_log(axes, "x", [1.0, 10.0], "compute")
        look = Look(SERIES[0].light, "o")
        plot(axes, [(1.0, 0.5), (10.0, 0.2)], look)
        legend_above(figure, [(look, label)])
        return figure


def test_svg_is_an_element_of_its_own_with_the_text_as_it_was_written():
    root = ET.fromstring(inline_svg(drawn(), "f1-", "a figure"))
    assert root.tag.endswith("svg")
    assert root.get("aria-label") == "a figure"
    assert root.get("width") is None
    assert "a <model> & $x$ 模型" in "".join(root.itertext())


def test_svg_takes_its_colours_from_the_page():
    text = inline_svg(drawn(), "f1-", "a figure")
    assert not any(colour.light in text for colour in COLOURS)
    assert {"--paper", "--ink", "--muted", "--rule", "--blue"} <= set(re.findall(r"var\((--\w+)\)", text))


def test_ids_of_two_figures_do_not_meet_and_every_reference_is_kept():
    text = inline_svg(drawn(), "f1-", "a figure")
    ids = set(re.findall(r'\bid="([^"]*)"', text))
    references = set(re.findall(r'(?:href="#|url\(#)([^")]*)', text))
    assert references
    assert references <= ids
    assert all(name.startswith("f1-") for name in ids)


def test_the_same_figure_gives_the_same_bytes(tmp_path):
    for name in ("a.png", "b.png"):
        save_png(drawn(), tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert inline_svg(drawn(), "f", "x") == inline_svg(drawn(), "f", "x")


@pytest.mark.parametrize("word", ["date", "metadata", "creator", "<script", "xlink:"])
def test_svg_says_neither_when_nor_with_what_it_was_made(word):
    body = inline_svg(drawn(), "f", "x").lower()
    assert word not in body.replace("www.w3.org", "")
