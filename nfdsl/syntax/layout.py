"""Rows of text for one line of a spec: brackets that do not fit are opened up, item by item."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from nfdsl.syntax.brackets import Bracket, Item, first, flat, last
from nfdsl.syntax.words import Word, gap

WIDTH = 100  # columns; comments may be longer, and what has no brackets cannot be broken
INDENT = 2


@dataclass(frozen=True)
class Row:
    """One line of text, and the comment behind it."""

    indent: int
    text: str
    comment: str = ""

    @property
    def last_line(self) -> str:
        """What stands before the comment: a text about the study has several lines."""
        return self.text.rpartition("\n")[2]


def rows(start: str, parts: Sequence[Word | Bracket], indent: int, end: str = "") -> Iterator[Row]:
    """Yields `start`, the parts and `end` on one row if they fit; else brackets go over several.

    The outermost brackets are opened up first, and of several side by side only those that do not
    fit. Items are then one to a row, but single words as many as fit.
    """
    text = start
    for number, part in enumerate(parts):
        text += gap(last(parts[number - 1]), first(part)) if number else ""
        if isinstance(part, Word):
            text += part.text
        elif not part.is_commented and indent + len(text) + len(part.flat) + _tail(parts, number, end) <= WIDTH:
            text += part.flat
        else:
            yield Row(indent, text + part.opener.text, part.behind_opener)
            yield from _inside(part, indent + INDENT)
            text = part.closer.text
    yield Row(indent, text + end)


def _tail(parts: Sequence[Word | Bracket], number: int, end: str) -> int:
    """Returns how many columns must follow a part, up to where the next bracket may be opened up."""
    columns, before = 0, last(parts[number])
    for part in islice(parts, number + 1, None):
        columns += len(gap(before, first(part))) + len(first(part).text)
        if isinstance(part, Bracket):
            return columns
        before = part
    return columns + len(end)


def _inside(bracket: Bracket, indent: int) -> Iterator[Row]:
    if bracket.takes_last_comma and not bracket.is_commented and all(item.is_word for item in bracket.items):
        yield from _filled(bracket.items, indent)
    else:
        for number, item in enumerate(bracket.items):
            is_last = number == len(bracket.items) - 1
            yield from _item(item, indent, "," if bracket.takes_last_comma or not is_last else "")
    yield from (Row(indent, "", comment) for comment in bracket.last)


def _item(item: Item, indent: int, end: str) -> Iterator[Row]:
    yield from (Row(indent, "", comment) for comment in item.before)
    *above, final = rows("", item.parts, indent, end)
    yield from above
    yield replace(final, comment=item.behind)


def _filled(items: Sequence[Item], indent: int) -> Iterator[Row]:
    """Yields rows of words, each as full as it can be."""
    text = ""
    for item in items:
        word = flat(item.parts) + ","
        if text and indent + len(text) + 1 + len(word) > WIDTH:
            yield Row(indent, text)
            text = ""
        text += f" {word}" if text else word
    yield Row(indent, text)
