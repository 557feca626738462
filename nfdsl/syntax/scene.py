"""A setting that the grammar refuses, and what stands around the place where it stopped."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from lark import Token

from nfdsl.source import Source, Span
from nfdsl.syntax.tokens import CLOSER, OPENER, place

_STARTS_VALUE = frozenset({"NAME", "FROM", "LET", "IMPORT", "LABEL", "NUMBER", "SHAPE", "STRING", "DOCSTRING"})
_ENDS_VALUE = frozenset({"NAME", "FROM", "LET", "IMPORT", "NUMBER", "SHAPE", "STRING"})


@dataclass(frozen=True)
class Level:
    """A bracket that is still open, or the setting around all of them."""

    kind: Literal["setting", "list", "grid", "call", "group"]
    opener: Token | None
    dots: Token | None = None  # the `..` of a range that still waits for its step


@dataclass(frozen=True)
class Scene:
    """A setting's tokens, and the index of the first that cannot stand where it does.

    The index is the number of tokens if the setting ends too early.
    """

    source: Source
    tokens: Sequence[Token]
    index: int
    levels: Sequence[Level]  # outermost first

    @property
    def level(self) -> Level:
        return self.levels[-1]

    @property
    def here(self) -> Token | None:
        """The token that cannot stand here; None after the last."""
        return self.tokens[self.index] if self.index < len(self.tokens) else None

    @property
    def before(self) -> Token | None:
        """The last token that can stand where it does."""
        return self.tokens[self.index - 1] if self.index > 0 else None

    @property
    def spot(self) -> Span:
        """The place of the token that cannot stand here; after the last, the empty place there."""
        return self.place(self.here) if self.here is not None else self.gap

    @property
    def gap(self) -> Span:
        """The empty place right after the last good token, or before the first token."""
        if self.before is None:
            first = self.place(self.tokens[0])
            return replace(first, end=first.start)
        last = self.place(self.before)
        return replace(last, start=last.end)

    @property
    def ends_value(self) -> bool:
        """Whether the token before may end a value."""
        return self.index > 1 and self.before is not None and (self.before.type in _ENDS_VALUE or self.before in OPENER)

    @property
    def starts_value(self) -> bool:
        """Whether the token here may start a value."""
        return self.here is not None and starts_value(self.here)

    def place(self, token: Token) -> Span:
        return place(self.source, token)


def starts_value(token: Token) -> bool:
    return token.type in _STARTS_VALUE or token in CLOSER


def scene(source: Source, tokens: Sequence[Token], index: int) -> Scene:
    """Returns the scene where the grammar stopped at `index`; what is before is right so far."""
    levels = [Level("setting", None)]
    for number, token in enumerate(tokens[:index]):
        if token in CLOSER:
            levels.append(Level(_kind(tokens, number), token))
        elif token in OPENER:
            levels.pop()
        elif token.type == "DOTS":
            levels[-1] = replace(levels[-1], dots=token)
        elif token.type in {"BY_TIMES", "BY_PLUS", "COMMA"}:
            levels[-1] = replace(levels[-1], dots=None)
    return Scene(source, tokens, index, levels)


def _kind(tokens: Sequence[Token], index: int) -> Literal["list", "grid", "call", "group"]:
    match tokens[index].value:
        case "[":
            return "list"
        case "{":
            return "grid"
        case _:
            # The first token is the setting's name: nothing is called in `lr (0.1 + 0.2)`.
            return "call" if index > 1 and tokens[index - 1].type == "NAME" else "group"
