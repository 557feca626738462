"""The one style of a spec, as a change to the text an editor holds."""

from nfdsl.diagnostics import Fix
from nfdsl.editor.document import Document
from nfdsl.source import Span
from nfdsl.syntax.format import formatted


def formatting(document: Document) -> list[Fix]:
    """Returns the change that brings a text into the one style; none if it has it, or does not parse.

    What is the same before and after is left alone, so that the cursor stays where it is.
    """
    text, styled = document.source.text, formatted(document.source)
    if styled is None or styled == text:
        return []
    start = _same(text, styled)
    end = _same(text[start:][::-1], styled[start:][::-1])
    return [Fix(Span(document.source, start, len(text) - end), styled[start : len(styled) - end])]


def _same(one: str, other: str) -> int:
    """Returns how many characters are the same at the beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(one), len(other)))
