"""The grammar at work: text becomes tokens, tokens become a tree or stop short of one."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Literal

from lark import Lark, Token, Tree, UnexpectedToken
from lark.lark import PostLex

from nfdsl.cache import cache_folder
from nfdsl.syntax.tokens import DEEPEST, depths

MOST = 100_000  # tokens of a text that are read: a spec written by a program has a few thousand


class _KeepMistakes(PostLex):
    """Makes Lark keep the terminals that no rule accepts, so that any text at all becomes tokens."""

    always_accept: Iterable[str] = (
        "HUGE_NUMBER",
        "OPEN_DOCSTRING",
        "BAD_STRING",
        "OPEN_STRING",
        "QUOTED",
        "SLASHES",
        "BARE_FRACTION",
        "EQUALS",
        "STRAY",
    )

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        return stream


@dataclass(frozen=True)
class Stop:
    """Where the grammar could not go on: at the token of this index, or at the end of the tokens."""

    index: int
    too_deep: bool


def text() -> str:
    """Returns the grammar: the installed copy, or in a checkout the file of the top-level folder."""
    package = Path(__file__).parents[1]  # `importlib.resources` would take as long as all of `nfdsl.plan`
    installed = package / "grammar" / "nfx.lark"
    return (installed if installed.is_file() else package.parent / "grammar" / "nfx.lark").read_text("utf-8")


def tokenize(text: str) -> list[Token]:
    """Returns the tokens of any text, new lines and malformed ones included; of a longer one the first `MOST` + 1."""
    return list(islice(_nfx().lex(text), MOST + 1))  # pyright: ignore[reportUnknownMemberType]


def match(tokens: Sequence[Token], rule: Literal["file", "setting"]) -> Tree[Token] | Stop:
    """Returns the tree of a rule that all of the tokens make up, or how far the rule got."""
    parser = _nfx().parse_interactive(start=rule)  # pyright: ignore[reportUnknownMemberType]
    deepest = DEEPEST + (rule == "file")  # the braces of a block are one level
    index = 0
    try:
        for token, depth in zip(tokens, depths(tokens), strict=True):
            if depth > deepest:
                return Stop(index, too_deep=True)
            parser.feed_token(token)
            index += 1
        return parser.feed_token(Token("$END", ""))
    except UnexpectedToken:
        return Stop(index, too_deep=False)


@cache
def _nfx() -> Lark:
    return Lark(
        text(),
        parser="lalr",
        # Not contextual: what a token is never depends on the rules, so broken text has the same tokens.
        lexer="basic",
        start=["file", "setting"],
        postlex=_KeepMistakes(),
        keep_all_tokens=True,
        maybe_placeholders=False,
        # Building the tables would take a third of the time of `nfdsl check`.
        cache=_tables(),
    )


def _tables() -> str | bool:
    """Returns the file in the user's cache for the parse tables, or False where none can be.

    Lark checks that they are of this grammar and this Lark, and builds them anew when the file is
    missing, damaged or not to be written. They are a pickle: no less trusted than the `.pyc` files
    of the same user.
    """
    folder = cache_folder()
    return False if folder is None else str(folder / "nfx.tables")
