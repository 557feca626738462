"""Formatting as an editor asks for it."""

from collections.abc import Callable

import pytest

from nfdsl.editor.document import Document
from nfdsl.editor.formatting import formatting
from nfdsl.syntax.format import formatted

At = Callable[[str], tuple[Document, int]]


@pytest.mark.parametrize(
    "text", ["model   m {\n depth [1]\n}\n|", "|\n\n\ndata d { classes 1 }", "# a\n\n\n\nlet a  1|"]
)
def test_the_change_makes_the_text_formatted(at: At, text: str):
    document, _ = at(text)
    (fix,) = formatting(document)
    source = document.source
    assert source.text[: fix.span.start] + fix.replacement + source.text[fix.span.end :] == formatted(source)


def test_only_what_differs_is_changed(at: At):
    document, _ = at("model m {\n   depth       [1]\n}\n|")
    (fix,) = formatting(document)
    assert (fix.span.text, fix.replacement) == (" ", "")


@pytest.mark.parametrize("text", ["|", "model m {\n  depth       [1]\n}\n|", "model m {|"])
def test_nothing_is_changed_in_a_text_that_is_formatted_or_broken(at: At, text: str):
    assert formatting(at(text)[0]) == []
