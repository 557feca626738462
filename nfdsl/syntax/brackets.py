"""The brackets of a line: what stands in each, and which comment belongs to what."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from nfdsl.syntax.words import Word, gap

_TAKES_LAST_COMMA = frozenset({"list", "grid", "call"})


@dataclass
class Item:
    """What stands between two commas."""

    parts: "list[Word | Bracket]" = field(default_factory=list["Word | Bracket"])
    before: list[str] = field(default_factory=list[str])  # comments on lines of their own
    behind: str = ""  # the comment on the item's last line

    @property
    def is_word(self) -> bool:
        return len(self.parts) == 1 and isinstance(self.parts[0], Word)


@dataclass
class Bracket:
    """A list, grid, call or group that is not empty."""

    opener: Word
    closer: Word
    items: list[Item]
    behind_opener: str  # the comment there
    last: list[str]  # comments on lines of their own after the last item

    @property
    def takes_last_comma(self) -> bool:
        """Whether a comma may stand behind the last item."""
        return self.opener.rule in _TAKES_LAST_COMMA

    @cached_property
    def flat(self) -> str:
        """The bracket on one line, its comments left out."""
        inside = ", ".join(flat(item.parts) for item in self.items)
        return f"{self.opener.text}{inside}{self.closer.text}"

    @cached_property
    def is_commented(self) -> bool:
        own = bool(self.behind_opener or self.last)
        return own or any(item.before or item.behind or _has_comment(item.parts) for item in self.items)


def first(part: Word | Bracket) -> Word:
    return part.opener if isinstance(part, Bracket) else part


def last(part: Word | Bracket) -> Word:
    return part.closer if isinstance(part, Bracket) else part


def flat(parts: Sequence[Word | Bracket]) -> str:
    """Returns parts on one line, their comments left out."""
    text = ""
    for number, part in enumerate(parts):
        text += gap(last(parts[number - 1]), first(part)) if number else ""
        text += part.flat if isinstance(part, Bracket) else part.text
    return text


def parts(words: Sequence[Word]) -> "list[Word | Bracket]":
    """Returns the words of a line with all in brackets as one part; empty brackets are two words."""
    return _Parts(iter(words)).line()


def _has_comment(parts: "Sequence[Word | Bracket]") -> bool:
    return any(isinstance(part, Bracket) and part.is_commented for part in parts)


class _Parts:
    """Words that are taken one by one."""

    def __init__(self, words: Iterator[Word]) -> None:
        self._words = words

    def line(self) -> "list[Word | Bracket]":
        found: list[Word | Bracket] = []
        for word in self._words:
            found += self._bracket(word) if word.text in {"(", "[", "{"} and word.rule != "block" else [word]
        return found

    def _bracket(self, opener: Word) -> "Sequence[Word | Bracket]":
        inside = _Inside()
        for word in self._words:
            if word.text in {")", "]", "}"}:
                bracket = inside.bracket(opener, word)
                return [bracket] if bracket.items or bracket.is_commented else [opener, word]
            if word.text in {"(", "[", "{"}:
                inside.add(self._bracket(word))
            else:
                inside.take(word)
        raise AssertionError("brackets of a spec that parses are closed")


class _Inside:
    """What stands in a bracket, as far as it is read."""

    def __init__(self) -> None:
        self._items: list[Item] = []
        self._item = Item()
        self._behind_opener = ""
        self._waiting: list[str] = []  # comments on lines of their own
        self._fresh_line = False  # since the last word but comments

    def take(self, word: Word) -> None:
        match word.kind:
            case "NEWLINE":
                self._fresh_line = True
            case "COMMENT":
                self._comment(word.text)
            case "COMMA":
                self._end_item()
            case _:
                self.add([word])

    def add(self, parts: "Sequence[Word | Bracket]") -> None:
        """Adds to the item; comments between its parts go before it."""
        behind = [self._item.behind] if self._item.behind else []
        self._item.before += behind + self._waiting
        self._item.behind = ""
        self._waiting.clear()
        self._item.parts += parts
        self._fresh_line = False

    def bracket(self, opener: Word, closer: Word) -> Bracket:
        if self._item.parts:
            self._end_item()
        return Bracket(opener, closer, self._items, self._behind_opener, self._waiting)

    def _end_item(self) -> None:
        self._items.append(self._item)
        self._item = Item()
        self._fresh_line = False

    def _comment(self, text: str) -> None:
        item = self._item if self._item.parts else self._items[-1] if self._items else None
        if self._fresh_line or self._waiting or (item is not None and item.behind):
            self._waiting.append(text)
        elif item is None:
            self._behind_opener = text
        else:
            item.behind = text
