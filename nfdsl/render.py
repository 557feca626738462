"""Diagnostics as text for people: the lines they are about, with marks under the places.

error[unknown-setting]: `depht` is not a setting of nfnet
  --> study.nfx:12:3
   |
12 |   depht [1, 2, 6, 3]
   |   ^^^^^ not known
   = help: did you mean `depth`?
   = fix: depth [1, 2, 6, 3]
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import groupby

from nfdsl.diagnostics import Diagnostic, Fix, Label
from nfdsl.source import Source

_TAB = " " * 4
_LONGEST = 100  # characters of a line that are shown
_MOST = 3  # lines of a fix that are shown


class _Style(Enum):
    """ANSI codes of what stands out."""

    ERROR = "1;31"
    HEADLINE = "1"
    FRAME = "1;34"


@dataclass(frozen=True)
class _Mark:
    """Characters ``[start, end)`` of one line of a source, and what is to be said of them."""

    source: Source
    line: int
    start: int
    end: int
    text: str
    is_primary: bool

    @property
    def window(self) -> tuple[int, int]:
        """The characters of the line to show: all of them, or those around the mark."""
        length = len(self.source.line(self.line))
        start = max(0, min(self.start - _LONGEST // 4, length - _LONGEST))
        return start, min(start + _LONGEST, length)


def render(diagnostic: Diagnostic, *, color: bool) -> str:
    """Returns a diagnostic as lines of text, the last without its end; with ANSI colours if asked.

    Marks stand under their places, be there tabs, wide or combining characters. Characters that
    would change what a terminal shows are replaced.
    """
    marks = list(_marks(diagnostic.primary, is_primary=True))
    for label in diagnostic.secondary:
        marks += _marks(label, is_primary=False)
    page = _Page(len(str(max(mark.line for mark in marks))), color)
    lines = [page.title(diagnostic)]
    for number, (_, in_source) in enumerate(groupby(marks, key=lambda mark: id(mark.source))):
        lines += page.excerpt(list(in_source), "-->" if number == 0 else ":::")
    lines += page.note("help", diagnostic.help)
    lines += page.note("fix", "" if diagnostic.fix is None else _fixed(diagnostic.fix))
    return "\n".join(lines)


def _marks(label: Label, *, is_primary: bool) -> Iterator[_Mark]:
    """Yields the mark of a label; where it covers several lines, one on the first and one on the last."""
    source, span = label.span.source, label.span
    first, last = source.position(span.start), source.position(max(span.start, span.end - 1))
    end = last.column - (span.start == span.end)
    if first.line == last.line:
        yield _Mark(source, first.line, first.column - 1, end, label.text, is_primary)
    else:
        line = source.line(last.line)
        indent = len(line) - len(line.lstrip())
        yield _Mark(source, first.line, first.column - 1, len(source.line(first.line)), "", is_primary)
        yield _Mark(source, last.line, min(indent, end - 1), end, label.text, is_primary)


def _fixed(fix: Fix) -> str:
    """Returns the lines of a fix as they will be; nothing where they are too many or too long to help."""
    source = fix.span.source
    start, end = source.position(fix.span.start), source.position(fix.span.end)
    before = source.line(start.line)[: start.column - 1]
    after = source.line(end.line)[end.column - 1 :]
    lines = [line.strip() for line in f"{before}{fix.replacement}{after}".split("\n")]
    return "\n".join(lines) if len(lines) <= _MOST and max(map(len, lines)) <= _LONGEST else ""


@dataclass(frozen=True)
class _Page:
    """The frame around lines of a source: their numbers, the marks below them, the notes at the end."""

    width: int  # of the largest line number
    color: bool

    def title(self, diagnostic: Diagnostic) -> str:
        code = self._paint(f"error[{diagnostic.code}]", _Style.ERROR)
        return code + self._paint(f": {_visible(diagnostic.headline)}", _Style.HEADLINE)

    def excerpt(self, marks: Sequence[_Mark], arrow: str) -> Iterator[str]:
        """Yields the lines of one source that have marks, in their order, with each mark below its line."""
        place = f"{marks[0].source.name}:{marks[0].line}:{marks[0].start + 1}"
        yield self._paint(f"{'':{self.width}}{arrow}", _Style.FRAME) + f" {_visible(place)}"
        if not marks[0].source.text:  # there is no line to show
            return
        yield self._paint(f"{'':{self.width}} |", _Style.FRAME)
        above: _Mark | None = None
        for mark in sorted(marks, key=lambda mark: (mark.line, not mark.is_primary, mark.start)):
            if above is not None and mark.line > above.line + 1:
                yield self._paint("...", _Style.FRAME)
            if above is None or (mark.line, mark.window) != (above.line, above.window):
                yield self._paint(f"{mark.line:{self.width}} |", _Style.FRAME) + f" {_shown(mark)}".rstrip()
            yield self._paint(f"{'':{self.width}} |", _Style.FRAME) + self._under(mark)
            above = mark

    def note(self, name: str, text: str) -> Iterator[str]:
        """Yields a text, if there is any, under its name."""
        for number, line in enumerate(text.split("\n") if text else []):
            left = self._paint(f"{'':{self.width}} =", _Style.FRAME) + self._paint(f" {name}:", _Style.HEADLINE)
            yield f"{left} {_visible(line)}" if number == 0 else f"{'':{self.width + len(name) + 5}}{_visible(line)}"

    def _under(self, mark: _Mark) -> str:
        line = mark.source.line(mark.line)
        start, end = mark.window
        blank = (start > 0) + _columns(line[start : mark.start])
        length = max(1, _columns(line[mark.start : min(mark.end, end)]))
        style = _Style.ERROR if mark.is_primary else _Style.FRAME
        marks = ("^" if mark.is_primary else "-") * length
        return f" {'':{blank}}" + self._paint(f"{marks} {_visible(mark.text)}".rstrip(), style)

    def _paint(self, text: str, style: _Style) -> str:
        return f"\x1b[{style.value}m{text}\x1b[0m" if self.color else text


def _shown(mark: _Mark) -> str:
    line = mark.source.line(mark.line)
    start, end = mark.window
    return ("…" if start > 0 else "") + _visible(line[start:end]) + ("…" if end < len(line) else "")


def _visible(text: str) -> str:
    return "".join(_glyph(character) for character in text)


def _glyph(character: str) -> str:
    """Returns what is shown for a character: itself, unless it would move the cursor or hide text."""
    if character == "\t":
        return _TAB
    if ord(character) < 0x20:
        return chr(0x2400 + ord(character))
    return "\ufffd" if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} else character


def _columns(text: str) -> int:
    """Returns how many columns of a terminal a text takes."""
    return sum(_width(glyph) for glyph in _visible(text))


def _width(glyph: str) -> int:
    if unicodedata.category(glyph) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(glyph) in {"W", "F"} else 1
