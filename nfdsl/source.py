"""Text of a spec, and places in it."""

from bisect import bisect_right
from dataclasses import dataclass, field
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
    text: str = field(repr=False)
    below: str = ""  # of an import: its folder as seen from that of the spec, if another

    @property
    def folder(self) -> Path:
        """The folder, absolute, of the file that the source is named after."""
        return Path(self.name).parent.resolve()

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


LARGEST = 4 * 2**20  # bytes of a spec


class Unreadable(Exception):
    """A file that cannot be read as a spec; the message names it and says why."""


def read(path: str) -> Source:
    """Returns the text of a file, under its path as given.

    The text is UTF-8; a byte order mark is left out; lines may end as on any system.

    Raises:
      Unreadable: there is no such file, it is a folder, it may not be read, or it holds no text, or too much.
    """
    try:
        with Path(path).open("rb") as file:
            data = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        raise Unreadable(f"cannot read {path}: {reason(error)}") from error
    if len(data) > LARGEST:
        raise Unreadable(f"cannot read {path}: it is larger than any spec ({LARGEST // 2**20} MiB)")
    try:
        return Source(path, _text(data))
    except ValueError as error:
        raise Unreadable(f"cannot read {path}: {reason(error)}") from error


def _text(data: bytes) -> str:
    nul = data.find(b"\0")
    if nul >= 0:
        raise UnicodeDecodeError("utf-8", data, nul, nul + 1, "NUL")
    return data.decode("utf-8").removeprefix("\ufeff")


def reason(error: Exception) -> str:
    """Returns why a file cannot be read."""
    match error:
        case FileNotFoundError():
            return "there is no such file"
        case IsADirectoryError():
            return "it is a folder"
        case PermissionError():
            return "permission denied"
        case UnicodeDecodeError():
            return f"it is not UTF-8 text (byte 0x{error.object[error.start]:02x} at offset {error.start})"
        case OSError(strerror=str() as text):
            return text
        case _:
            return str(error)
