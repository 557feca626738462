"""Places as editors count them: lines from 0, and along a line the units of an encoding of Unicode.

The Language Server Protocol counts UTF-16 units unless client and server agree on another encoding.
It ends lines at ``\\n``, ``\\r\\n`` and ``\\r``, and nowhere else.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, assert_never

Encoding = Literal["utf-8", "utf-16", "utf-32"]

_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class Place:
    """A place in a text as an editor counts it: both from 0."""

    line: int
    character: int


@dataclass(frozen=True, eq=False)
class Positions:
    """The offsets of one text, as an editor that counts in `encoding` names them."""

    text: str
    encoding: Encoding = "utf-16"

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(end.end() for end in _LINE_END.finditer(self.text))]

    def place(self, offset: int) -> Place:
        """Returns where `offset` (0 to ``len(text)``) lies."""
        line = bisect_right(self._starts, offset) - 1
        return Place(line, sum(self._units(character) for character in self.text[self._starts[line] : offset]))

    def offset(self, place: Place) -> int:
        """Returns the offset of a place; the nearest one where a line is shorter or missing.

        A place inside a character is before it.
        """
        if place.line < 0:
            return 0
        if place.line >= len(self._starts):
            return len(self.text)
        offset, left = self._starts[place.line], place.character
        while offset < len(self.text) and self.text[offset] not in "\r\n":
            left -= self._units(self.text[offset])
            if left < 0:
                break
            offset += 1
        return offset

    def _units(self, character: str) -> int:
        """Returns how many units of the encoding a character takes."""
        code = ord(character)
        match self.encoding:
            case "utf-8":
                return 1 + (code > 0x7F) + (code > 0x7FF) + (code > 0xFFFF)
            case "utf-16":
                return 1 + (code > 0xFFFF)
            case "utf-32":
                return 1
            case _:
                assert_never(self.encoding)
