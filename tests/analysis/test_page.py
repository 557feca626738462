from html.parser import HTMLParser

import pytest

from nfdsl.analysis.page import box, bullets, definitions, page, paragraphs, section
from nfdsl.analysis.style import COLOURS

EVIL = '<script>alert("$title")</script>'


class Closed(HTMLParser):
    """Fails where an element is closed that is not open."""

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attributes):
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_a_page_is_complete_and_well_formed():
    parser = Closed()
    parser.feed(page("a study", paragraphs("one\n\ntwo"), [section("runs", box("scroll", "<p>text</p>"))]))
    assert parser.open == []


def test_colours_come_in_light_and_dark():
    text = page("a study", "", [])
    light, dark = text.split("@media (prefers-color-scheme: dark)")
    assert all(f"--{colour.name}: {colour.light};" in light for colour in COLOURS)
    assert all(f"--{colour.name}: {colour.dark};" in dark for colour in COLOURS)


@pytest.mark.parametrize(
    "text",
    [page(EVIL, "", []), section(EVIL, ""), paragraphs(EVIL), bullets([EVIL]), definitions({EVIL: EVIL})],
    ids=["page", "section", "paragraphs", "bullets", "definitions"],
)
def test_plain_text_is_escaped(text):
    assert "<script" not in text
    assert "alert" in text


def test_paragraphs_are_split_at_empty_lines():
    assert paragraphs("\none\nline\n\n  \ntwo\n") == "<p>one\nline</p>\n<p>two</p>"
