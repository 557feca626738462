"""Text of a spec, and places in it."""

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path


@dataclass(frozen=True)
class Position:
    """A place as people count it: both from 1, columns in characters."""

    line: int
    column: int


@dataclass(frozen=True, eq=False)
class Source:
    """One spec's text under the name shown in diagnostics (its path as the user gave it)."""

    name: str
    text: str

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(i + 1 for i, character in enumerate(self.text) if character == "\n")]

    def position(self, offset: int) -> Position:
        """Returns where `offset` (0 to ``len(text)``) lies."""
        line = bisect_right(self._line_starts, offset)
        return Position(line, offset - self._line_starts[line - 1] + 1)

    def line(self, number: int) -> str:
        """Returns line `number`, counted from 1, without its end."""
        start = self._line_starts[number - 1]
        end = self.text.find("\n", start)
        return self.text[start : len(self.text) if end < 0 else end].rstrip("\r")


@dataclass(frozen=True)
class Span:
    """The characters ``[start, end)`` of a source."""

    source: Source
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]

    def to(self, other: "Span") -> "Span":
        """Returns the span from the start of this one to the end of `other`."""
        return Span(self.source, self.start, other.end)

    def __str__(self) -> str:
        position = self.source.position(self.start)
        return f"{self.source.name}:{position.line}:{position.column}"


class Unreadable(Exception):
    """A file that cannot be read as a spec; the message says why and fits after ``cannot read PATH:``."""


def read(path: str) -> Source:
    """Returns the text of a file under the path as given.

    The file is UTF-8, with or without a byte order mark, which is left out; lines may end as they
    do on any system.

    Raises:
      Unreadable: there is no such file, or it is a folder, forbidden, or holds no text.
    """
    data = _bytes(path)
    if (offset := data.find(b"\0")) >= 0:
        raise Unreadable(f"byte {offset} is NUL, so this is not UTF-8 text")
    try:
        return Source(path, data.decode("utf-8").removeprefix("\ufeff"))
    except UnicodeDecodeError as error:
        raise Unreadable(f"byte {error.start} (0x{data[error.start]:02x}) is not UTF-8 text") from error


def _bytes(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except FileNotFoundError as error:
        raise Unreadable("there is no such file") from error
    except IsADirectoryError as error:
        raise Unreadable("it is a folder") from error
    except PermissionError as error:
        raise Unreadable("permission denied") from error
    except OSError as error:
        raise Unreadable(error.strerror or str(error)) from error
    except ValueError as error:  # a NUL in the path
        raise Unreadable("no path looks like this") from error
