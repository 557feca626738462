"""A spec's words, line by line as they will stand: headers, settings, closing braces, comments."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from nfdsl.syntax.words import Word


@dataclass(frozen=True)
class Line:
    """What will begin a new line, though a setting may take several.

    A setting may have a word before its name, where it stands outside of blocks: ``let warm 5k steps``.
    """

    kind: Literal["header", "setting", "closer", "empty block", "comment", "plain"]
    words: Sequence[Word]  # of a setting with the comments and new lines within its brackets
    in_block: bool
    blank_before: bool
    comment: str = ""  # behind the words


def lines(words: Iterable[Word]) -> Sequence[Line]:
    """Returns the lines of a spec that parses; a block is always opened up, whatever lines it stood on.

    A line that is neither of a block nor a block's header is plain: the text about the study, or
    statements that stand outside of blocks.
    """
    reader = _Reader()
    for word in words:
        reader.take(word)
    reader.end()
    return reader.lines


class _Reader:
    """The lines so far, and the words of the next."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self._words: list[Word] = []
        self._open = 0  # brackets
        self._new_lines = 0  # since the last word
        self._in_block = False

    def take(self, word: Word) -> None:
        if self._open:
            self._words.append(word)
            self._open += (word.text in {"(", "[", "{"}) - (word.text in {")", "]", "}"})
        elif word.kind == "NEWLINE":
            self.end()
            self._new_lines += 1
        elif word.kind == "COMMENT":
            self._comment(word)
        elif word.rule == "block" and word.text == "{":
            self._words.append(word)
            self.end("header")
            self._in_block = True
        elif word.rule == "block" and word.text == "}":
            self.end()
            self._close(word)
        else:
            self._words.append(word)
            self._open += word.text in {"(", "[", "{"}

    def end(self, kind: Literal["header", "closer", "comment"] | None = None) -> None:
        """Ends the line, if it has begun."""
        if self._words:
            kind_of_words = "setting" if any(word.rule == "setting" for word in self._words[:2]) else "plain"
            self.lines.append(Line(kind or kind_of_words, tuple(self._words), self._in_block, self._new_lines > 1))
            self._words.clear()
            self._new_lines = 0

    def _close(self, brace: Word) -> None:
        self._in_block = False
        if self.lines[-1].kind == "header" and not self.lines[-1].comment:
            header = self.lines[-1]
            self.lines[-1] = replace(header, kind="empty block", words=(*header.words, brace))
            self._new_lines = 0
        else:
            self._words.append(brace)
            self.end("closer")

    def _comment(self, word: Word) -> None:
        """Puts a comment behind what stands on its line, or on a line of its own."""
        self.end()
        if self.lines and self._new_lines == 0:
            self.lines[-1] = replace(self.lines[-1], comment=word.text)
        else:
            self._words.append(word)
            self.end("comment")
