"""What may be written at a place: told from the tokens before it alone, so that broken text does not matter."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lark import Token

from nfdsl.check.arguments import implied, vocabulary_word
from nfdsl.check.zips import WORD
from nfdsl.editor.vocabulary import block_settings, described, has_plain_form, item, setting_at, structures
from nfdsl.schema.setting import Setting
from nfdsl.syntax.cut import RoughBlock, cut
from nfdsl.syntax.grammar import tokenize
from nfdsl.syntax.tokens import CLOSER, OPENER, OPERATORS

_IMPORT = re.compile(r'^[ \t]*import[ \t]+"([^"\n]*)\Z', re.MULTILINE)
_CURSOR = "CURSOR"  # stands in the tokens for the word being typed
_GLUE = frozenset({"DOTS", "BY_TIMES", "BY_PLUS"})
_UNITLESS = re.compile(r"[0-9][kMGBT]?$")
_SILENT = frozenset({"STRING", "DOCSTRING", "OPEN_STRING", "OPEN_DOCSTRING", "BAD_STRING", "QUOTED"})


@dataclass(frozen=True)
class Outside:
    """Between blocks: a block may begin."""


@dataclass(frozen=True)
class Header:
    """In a block's header, after these words."""

    words: Sequence[str]


@dataclass(frozen=True)
class SettingName:
    """At the beginning of a line in a block."""

    kind: str
    block: str


@dataclass(frozen=True)
class Slot:
    """In a setting's value.

    `wanted` are the settings a value written here may be for: more than one where the first argument
    of a phrase may begin it; `names` are settings that may be named here, with a colon behind where
    `colon`; `unit` is the setting of the number right before.
    """

    kind: str
    block: str
    wanted: Sequence[Setting]
    names: Sequence[Setting]
    colon: bool
    unit: Setting | None
    needs_step: bool  # both ends of a range stand before


@dataclass(frozen=True)
class Zipped:
    """In a line `zip`: the path of a setting of the block may stand here."""

    kind: str
    block: str


@dataclass(frozen=True)
class ImportPath:
    """In the quotes of an `import`, after this much of the path."""

    typed: str


Context = Outside | Header | SettingName | Slot | Zipped | ImportPath


def context(before: str, families: Mapping[str, str]) -> Context | None:
    """Returns what may be written after a text that ends where the word being typed begins.

    None: inside a string or a comment, or where nothing known can stand.

    Args:
      before: the text.
      families: the family of each block, by name, where it is known.
    """
    tokens = tokenize(before)
    if path := _IMPORT.search(before):
        return ImportPath(path[1])
    if _in_silence(before, tokens):
        return None
    cursor = Token(_CURSOR, "", start_pos=len(before), end_pos=len(before), line=0, column=_column(before))
    *_, piece = cut([*tokens, cursor])
    if not isinstance(piece, RoughBlock):
        words = [str(token) for token in piece.tokens[:-1]]
        return Header(words) if words else Outside()
    if piece.opener is None or len(piece.header) < 2:
        return None
    kind, name = str(piece.header[0]), str(piece.header[1])
    line = piece.settings[-1]  # the cursor is in it
    if len(line) < 2:
        return SettingName(kind, name)
    if line[0] == WORD:
        return Zipped(kind, name)
    setting = setting_at(block_settings(kind, families.get(name, "")), str(line[0]))
    return _slot(kind, name, setting, line[1:-1]) if setting else None


def _column(text: str) -> int:
    return len(text) - (text.rfind("\n") + 1) + 1


def _in_silence(before: str, tokens: Sequence[Token]) -> bool:
    """Whether a text ends inside a comment or a string."""
    last = tokens[-1] if tokens else None
    if last is not None and last.end_pos == len(before) and last.type in _SILENT:
        return True
    tail = before[last.end_pos or 0 if last is not None else 0 :]
    return "#" in tail


@dataclass
class _Level:
    """A bracket that is open, or the setting around all of them, and what has been said in it."""

    setting: Setting  # what a value here is for
    call: type | None = None  # the word whose arguments stand here
    phrase: bool = False  # not in brackets: words may stand side by side
    colon: bool = False  # in parentheses, where arguments are named with a colon
    given: set[str] = field(default_factory=lambda: set[str]())
    named: Setting | None = None  # the argument whose name stands right before
    by_name: bool = False  # an argument has been named: those after it must be, too
    last: Setting | None = None  # what the last value is for
    filled: bool = False  # a value stands here since the last comma
    glued: bool = False  # an operator stands right before

    def expected(self) -> Setting | None:
        """Returns what the next value is for, if one may stand here."""
        if self.glued:
            return self.last
        if self.named is not None:
            return self.named
        if self.call is not None:
            closed = self.by_name or (self.colon and self.filled)
            return None if closed else next(iter(self.free()), None)
        return None if self.filled else self.setting

    def free(self) -> list[Setting]:
        return [known for known in described(self.call) if known.name not in self.given] if self.call else []

    def value(self, text: str = "") -> None:
        """Takes note of a value; `text` is the word of a call."""
        whole = self.setting if not self.given and text in _words(self.setting) else None
        expected = whole or self.expected()
        if not self.glued and expected is not None:
            self.given.add(expected.name)
            self.last = expected
        self.named, self.filled, self.glued = None, True, False

    def name(self, text: str) -> bool:
        """Takes note of a word that names an argument, if it does."""
        self.named = next((known for known in self.free() if known.name == text), None)
        self.by_name = self.by_name or self.named is not None
        return self.named is not None


def _slot(kind: str, block: str, setting: Setting, tokens: Sequence[Token]) -> Slot:
    classes = structures(item(setting.annotation)) if not has_plain_form(item(setting.annotation)) else []
    levels = [_Level(setting, implied(classes, setting.name), phrase=True)]
    for index, token in enumerate(tokens):
        _take(levels, token, tokens[max(0, index - 1)], tokens[min(index + 1, len(tokens) - 1)])
    level = levels[-1]
    may_name = level.named is None and not level.glued and not (level.colon and level.filled)
    unitless = bool(tokens) and tokens[-1].type == "NUMBER" and _UNITLESS.search(tokens[-1]) is not None
    return Slot(
        kind,
        block,
        wanted=_wanted(level, setting, begun=bool(tokens)),
        names=level.free() if may_name else [],
        colon=level.colon,
        unit=level.last if unitless else None,
        needs_step=unitless and len(tokens) > 1 and tokens[-2].type == "DOTS",
    )


def _wanted(level: _Level, setting: Setting, *, begun: bool) -> list[Setting]:
    """Returns what a value may be for: at the beginning the whole setting too, not only a word's first argument."""
    wanted = [] if begun else [setting]
    expected = level.expected()
    if expected is not None and expected not in wanted:
        wanted.append(expected)
    return wanted


def _take(levels: list[_Level], token: Token, before: Token, after: Token) -> None:
    """Takes note of one token of a setting's value."""
    level = levels[-1]
    if token in CLOSER:
        levels.append(_call(level, before) if token == "(" and before.type == "NAME" else _bracket(level))
    elif token in OPENER:
        del levels[max(1, len(levels) - 1) :]
    elif token == ",":
        level.filled = level.glued = False
    elif token.type == "LABEL":
        level.name(str(token))
    elif token.type in _GLUE or token in OPERATORS:
        level.glued = True
    elif token.type == "NAME" and after == "(":
        level.value(str(token))
    elif token.type != "COLON" and not (token.type == "NAME" and _is_word(level, str(token))):
        level.value()


def _is_word(level: _Level, text: str) -> bool:
    """Takes note of a name that is the word of a phrase, or names an argument in one."""
    if not level.phrase:
        return False
    if not level.given and level.named is None:
        found = _words(level.setting).get(text)
        if found is not None:
            level.call = found
            return bool(described(found))
    return level.name(text)


def _call(level: _Level, word: Token) -> _Level:
    """Returns the level of a word's arguments; the word itself has been noted as a value."""
    setting = level.last or level.setting
    found = _words(setting).get(str(word))
    return _Level(setting, found, colon=found is not None)


def _bracket(level: _Level) -> _Level:
    """Returns the level inside of a list, a grid or parentheses, which is noted as a value."""
    setting = level.expected() or level.last or level.setting
    level.value()
    return _Level(setting)


def _words(setting: Setting) -> dict[str, type]:
    """Returns the words with settings of their own that a value may begin with."""
    return {vocabulary_word(known): known for known in structures(item(setting.annotation))}
