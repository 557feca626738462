"""A spec that does not parse, cut where its author most likely meant blocks and settings to end.

Brackets may be missing, so lines and columns are heeded as well. A correct spec never comes here, and
the correct blocks of a wrong one are cut as the grammar would.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from lark import Token

from nfdsl.syntax.scene import starts_value
from nfdsl.syntax.tokens import CLOSER, DEEPEST, OPENER, column

STATEMENTS = frozenset({"LET", "IMPORT"})  # what begins them

_HEADERS = (["NAME", "NAME"], ["NAME", "NAME", "FROM"], ["NAME", "NAME", "FROM", "NAME"])
_IN_HEADER = frozenset({"NAME", "FROM", "STRING", "NUMBER", "LABEL", "COLON"})
_STARTS_BODY = frozenset({"NEWLINE", "NAME", "LABEL", "RBRACE"})
_LONGEST_HEADER = 6  # tokens; a bound keeps the search for headers linear


@dataclass(frozen=True)
class Outside:
    """Tokens of one line that belong to no block."""

    tokens: Sequence[Token]


@dataclass(frozen=True)
class Statement:
    """A `let` or an `import`."""

    tokens: Sequence[Token]


@dataclass(frozen=True)
class RoughBlock:
    """A block as far as it can be made out; a brace that is missing is None."""

    header: Sequence[Token]
    opener: Token | None
    settings: Sequence[Sequence[Token]]
    closer: Token | None

    @property
    def tokens(self) -> Sequence[Token]:
        """All of them, in order; at least one."""
        braces = [[token] if token is not None else [] for token in (self.opener, self.closer)]
        return [*self.header, *braces[0], *chain.from_iterable(self.settings), *braces[1]]


def cut(tokens: Sequence[Token]) -> Iterator[RoughBlock | Statement | Outside]:
    """Yields the tokens in pieces, all but new lines, in time linear in their number."""
    cutter = _Cutter(tokens)
    while (piece := cutter.piece()) is not None:
        yield piece


class _Cutter:
    """A place in the tokens, which moves on as pieces are taken."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._index = 0

    def piece(self) -> RoughBlock | Statement | Outside | None:
        """Takes the next piece, or returns None at the end."""
        self._skip_newlines()
        ahead = self._ahead()
        if ahead is None:
            return None
        if ahead.type in STATEMENTS:
            return Statement(self._statement())
        if ahead == "}":
            return Outside([self._take()])
        line = self._header_or_line()
        if self._at_body() or [token.type for token in line] in _HEADERS:
            return self._block(line)
        return Outside(line)

    def _statement(self) -> list[Token]:
        """Takes a line, with those after it that belong to brackets it opens."""
        body = _Body(None, column(self._tokens[self._index]))
        body.add(self._take())
        while self._ahead() is not None:
            token = self._take()
            if token != "\n":
                body.add(token)
            elif not body.brackets or self._at_header(body.left) or self._at_setting(body.brackets[-1]):
                break
        return body.settings[0]

    def _header_or_line(self) -> list[Token]:
        line: list[Token] = []
        while self._ahead() not in {None, "\n"} and not self._at_body():
            line.append(self._take())
        return line

    def _at_body(self) -> bool:
        """Whether a block's settings lie ahead, and not a grid of values in a line outside of all blocks."""
        after = self._tokens[self._index + 1 : self._index + 2]
        return self._ahead() == "{" and (not after or after[0].type in _STARTS_BODY)

    def _block(self, header: Sequence[Token]) -> RoughBlock:
        self._skip_newlines()
        left = column(header[0] if header else self._tokens[self._index])
        opener = self._take() if self._ahead() == "{" else None
        body = _Body(opener, left)
        closer = None
        while closer is None and self._ahead() is not None and not self._at_header(body.left):
            token = self._take()
            if token == "\n":
                if not body.brackets or self._at_setting(body.brackets[-1]):
                    body.end_setting()
            elif token == "}" and body.ends_with(token, at_line_start=self._at_line_start(self._index - 1)):
                closer = token
            else:
                body.add(token)
        return RoughBlock(header, opener, [setting for setting in body.settings if setting], closer)

    def _at_header(self, left: int) -> bool:
        """Whether a block's header or a statement lies ahead, no further right than the one before."""
        if self._ahead() is None or not self._at_line_start(self._index) or column(self._tokens[self._index]) > left:
            return False
        if self._tokens[self._index].type in STATEMENTS:
            return True
        for index in range(self._index, min(self._index + _LONGEST_HEADER, len(self._tokens))):
            if self._tokens[index] == "{":
                return index > self._index and self._opens_block(index)
            if self._tokens[index].type not in _IN_HEADER:
                return False
        return False

    def _opens_block(self, brace: int) -> bool:
        """Whether what follows a `{` are a block's settings, which no grid holds."""
        index = brace + 1
        while index < len(self._tokens) and self._tokens[index] == "\n":
            index += 1
        return index == len(self._tokens) or self._tokens[index] == "}" or self._is_setting(index)

    def _at_setting(self, bracket: str) -> bool:
        """Whether a setting lies ahead, so that the bracket before it must be unclosed."""
        labelled = self._index < len(self._tokens) and self._tokens[self._index].type == "LABEL"
        return self._is_setting(self._index) or (labelled and bracket == "[")

    def _is_setting(self, index: int) -> bool:
        """Whether a name and a value stand here, which inside brackets never stand side by side."""
        match self._tokens[index : index + 2]:
            case [name, value]:
                return name.type == "NAME" and starts_value(value) and value != "("
            case _:
                return False

    def _at_line_start(self, index: int) -> bool:
        return index == 0 or self._tokens[index - 1] == "\n"

    def _skip_newlines(self) -> None:
        while self._ahead() == "\n":
            self._index += 1

    def _ahead(self) -> Token | None:
        return self._tokens[self._index] if self._index < len(self._tokens) else None

    def _take(self) -> Token:
        self._index += 1
        return self._tokens[self._index - 1]


class _Body:
    """The settings of a block as they are collected, and the brackets open in the last of them."""

    def __init__(self, opener: Token | None, left: int) -> None:
        self.left = left  # column of the block's header
        self.settings: list[list[Token]] = [[]]
        self.brackets: list[str] = []
        self._opener = opener

    def add(self, token: Token) -> None:
        self.settings[-1].append(token)
        if token in CLOSER and len(self.brackets) < DEEPEST:
            self.brackets.append(str(token))
        elif token in OPENER and self.brackets:
            # A closer that fits none of the brackets stands for the innermost one's.
            while self.brackets.pop() != OPENER[token] and OPENER[token] in self.brackets:
                pass

    def end_setting(self) -> None:
        self.settings.append([])
        self.brackets.clear()

    def ends_with(self, brace: Token, *, at_line_start: bool) -> bool:
        """Whether a `}` closes the block, rather than a grid or, by mistake, another bracket."""
        if "{" in self.brackets:
            return at_line_start and column(brace) <= self.left
        one_line = self._opener is not None and self._opener.line == brace.line
        return not self.brackets or at_line_start or one_line
