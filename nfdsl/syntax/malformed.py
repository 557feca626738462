"""Tokens that are wrong by themselves, whatever stands around them."""

import re
import unicodedata
from dataclasses import replace

from lark import Token

from nfdsl.diagnostics import Diagnostic, Fix, Label
from nfdsl.source import Source, Span
from nfdsl.syntax.tokens import place

_ESCAPE = re.compile(r"\\(?:[\"\\ntr]|u(?![Dd][89A-Fa-f])[0-9A-Fa-f]{4}|(?P<unknown>.))")

# What was most likely meant by characters that word processors and web pages put in a text.
_MEANT = {
    "\u00a0": " ",  # no-break space
    "\u200b": "",  # zero width space
    "\ufeff": "",  # byte order mark
    "\u2013": "-",  # en dash
    "\u2212": "-",  # minus sign
    "\u2026": "..",  # ellipsis
}
_ALPHABET = "outside of strings and comments stand only A-Z a-z 0-9 _ . , : + - * / % ( ) [ ] { }"
PATH = 'a path stands between quotes: `"/data/images"`, `"../images"`'
_OTHERS = "only strings and comments hold other characters than letters, digits and .,:+-*/()[]{}"
_ADVICE = {
    ";": "a setting ends with its line",
    "%": "write the `%` after a number: `35%`",
    ".": "a point stands between digits (`0.5`) or between the parts of a name (`holdout.loss`)",
    "\u00d7": "write `x` between the sizes of a shape (`8x8x8`) and `*` to multiply",
}


def malformed(source: Source, token: Token) -> Diagnostic | None:
    """Returns what is wrong with a token that no rule could ever accept, else None."""
    span = place(source, token)
    match token.type:
        case "HUGE_NUMBER":
            return _huge_number(span)
        case "OPEN_DOCSTRING":
            return _open_docstring(span)
        case "OPEN_STRING":
            return _open_string(span)
        case "BAD_STRING":
            return _unknown_escape(span)
        case "QUOTED":
            return _wrong_quotes(span)
        case "SLASHES":
            return _wrong_comment(span)
        case "BARE_FRACTION":
            return _bare_fraction(span)
        case "STRAY":
            return _stray_character(span)
        case _:
            return None


def _huge_number(span: Span) -> Diagnostic:
    return Diagnostic(
        code="huge-number",
        headline="this number is too long",
        primary=Label(span, "50 digits or more, or an exponent of three"),
        help="numbers are exact: one as long as this is most likely a slip of the keyboard",
    )


def _open_docstring(span: Span) -> Diagnostic:
    return Diagnostic(
        code="unterminated-string",
        headline="the text that begins here never ends",
        primary=Label(replace(span, end=span.start + 3), 'opened here, and no `"""` follows'),
        help='end the text with `"""`',
    )


def _open_string(span: Span) -> Diagnostic:
    return Diagnostic(
        code="unterminated-string",
        headline="the string that begins here never ends",
        primary=Label(replace(span, end=span.start + 1), 'opened here, and no `"` follows on this line'),
        help='end the string with `"`; a string stays on its line',
    )


def _unknown_escape(span: Span) -> Diagnostic:
    escape = next(found for found in _ESCAPE.finditer(span.text) if found["unknown"])
    place = replace(span, start=span.start + escape.start(), end=span.start + escape.end())
    return Diagnostic(
        code="unknown-escape",
        headline=f"`{escape.group()}` is no escape",
        primary=Label(place, "not known"),
        help='the escapes are \\" \\\\ \\n \\t \\r and \\u with four hexadecimal digits; a backslash itself is \\\\',
        fix=Fix(place, "\\" + escape.group()),
    )


def _wrong_quotes(span: Span) -> Diagnostic:
    text = span.text[1:-1]
    return Diagnostic(
        code="wrong-quotes",
        headline='a string stands between `"` and `"`',
        primary=Label(span, "other quotes"),
        help=f'write `"{text}"`',
        fix=None if '"' in text or "\\" in text else Fix(span, f'"{text}"'),
    )


def _wrong_comment(span: Span) -> Diagnostic:
    return Diagnostic(
        code="wrong-comment",
        headline="a comment begins with `#`",
        primary=Label(replace(span, end=span.start + 2), "not a comment"),
        help="write `#` for a comment and a single `/` to divide",
    )


def _bare_fraction(span: Span) -> Diagnostic:
    return Diagnostic(
        code="bare-fraction",
        headline="a number begins with a digit",
        primary=Label(span, "no digit before the point"),
        help=f"write `0{span.text}`",
        fix=Fix(span, f"0{span.text}"),
    )


def _stray_character(span: Span) -> Diagnostic:
    meant = "".join(_MEANT.get(character, character) for character in span.text)
    return Diagnostic(
        code="stray-character",
        headline=f"{_called(span.text[0])} has no meaning here",
        primary=Label(span, "not part of the language"),
        help=PATH if _begins_path(span) else _ADVICE.get(span.text, _OTHERS),
        fix=Fix(span, meant) if meant.isascii() and meant != span.text else None,
    )


def _begins_path(span: Span) -> bool:
    """Whether a character is the first of ``./`` or ``~/``."""
    return span.text in {".", "~"} and span.source.text[span.end : span.end + 1] == "/"


def _called(character: str) -> str:
    if character.isprintable() and not character.isspace():
        return f"`{character}`"
    return f"U+{ord(character):04X} {unicodedata.name(character, 'control character').lower()}"
