"""The words of a spec in canonical spelling, comments among them, and the space between two of them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lark import Token, Tree

from nfdsl.schema.units import SI_PREFIXES, UNITS
from nfdsl.source import Source

_NUMBER = re.compile(r"([0-9_]+)(?:\.([0-9_]+))?(?:[eE]([+-]?)([0-9]+))?")
_GLUED_UNITS = frozenset({"%", "px"})
_GLUED = "glued"  # in place of a rule: no space on either side


@dataclass(frozen=True)
class Word:
    """A token as it will be written, the rule of the grammar it belongs to, and where it stood."""

    kind: str  # the token's terminal; COMMENT for comments
    text: str
    rule: str  # empty for new lines and comments
    start: int


def words(source: Source, tokens: Sequence[Token], tree: Tree[Token]) -> Iterator[Word]:
    """Yields the tokens of a spec that parses, with its new lines and comments.

    The first word of each setting belongs to the rule `setting`.
    """
    rules = _rules(tree)
    end, before = 0, ""
    for token in tokens:
        yield from _comment(source.text, end, _start(token))
        # `by+1` adds to a value called `by`, where `by + 1` would be the step of a range.
        rule = _GLUED if (before, token) == ("by", "+") else rules.get(_start(token), "")
        yield Word(token.type, _spelled(token), rule, _start(token))
        end = _start(token) + len(token)
        before = before if token.type == "NEWLINE" else str(token)
    yield from _comment(source.text, end, len(source.text))


def gap(before: Word, after: Word) -> str:
    """Returns the space between two words of one line."""
    if after.text in {",", ":", ")", "]", "}"} or before.text in {"(", "[", "{"}:
        return ""
    if before.kind in {"BY_TIMES", "BY_PLUS"} or (before.rule == "negative" and before.text == "-"):
        return ""
    if after.text == "(" and after.rule == "call":
        return " " if before.text.endswith("+") else ""  # `f+ (1)` calls `f+`, but `f+(1)` adds
    return "" if _GLUED in (before.rule, after.rule) else " "


def _start(token: Token) -> int:
    assert token.start_pos is not None
    return token.start_pos


def _rules(tree: Tree[Token]) -> Mapping[int, str]:
    """Returns the rule that holds each token, by where the token starts."""
    rules: dict[int, str] = {}
    for subtree in tree.iter_subtrees():
        rules |= {_start(child): str(subtree.data) for child in subtree.children if isinstance(child, Token)}
    for setting in tree.find_data("setting"):
        rules[_start(next(setting.scan_values(lambda _: True)))] = "setting"
    return rules


def _comment(text: str, start: int, end: int) -> Iterator[Word]:
    """Yields the comment between two tokens, if there is one."""
    between = text[start:end]
    at = between.find("#")
    if at >= 0:
        comment = between[at:].rstrip()
        text_at = len(comment) - len(comment.lstrip("#"))
        space = " " if comment[text_at:][:1].isalnum() else ""
        yield Word("COMMENT", comment[:text_at] + space + comment[text_at:], "", start + at)


def _spelled(token: Token) -> str:
    match token.type:
        case "NUMBER":
            return _number(token)
        case "BY_TIMES":
            return "by x"
        case "BY_PLUS":
            return "by +"
        case "DOCSTRING":
            return token.replace("\r\n", "\n")
        case _:
            return str(token)


def _number(text: str) -> str:
    """Returns a number without needless zeros and signs, its digits grouped if they were, its unit set apart."""
    found = _NUMBER.match(text)
    assert found is not None
    whole, fraction, sign, exponent = found.groups()
    digits = _grouped(whole) + (f".{_grouped_from_left(fraction)}" if fraction else "")
    if exponent is not None:
        digits += f"e{sign.replace('+', '')}{exponent.lstrip('0') or '0'}"
    rest = text[found.end() :].strip()
    prefix = rest[:1] if rest not in UNITS and rest[:1] in SI_PREFIXES else ""
    unit = rest[len(prefix) :].strip()
    return digits + prefix + (" " if unit and unit not in _GLUED_UNITS else "") + unit


def _grouped(whole: str) -> str:
    digits = whole.replace("_", "").lstrip("0") or "0"
    return f"{int(digits):_}" if "_" in whole else digits


def _grouped_from_left(fraction: str) -> str:
    digits = fraction.replace("_", "")
    return "_".join(digits[at : at + 3] for at in range(0, len(digits), 3)) if "_" in fraction else digits
