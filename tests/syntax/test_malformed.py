"""Tokens that are wrong by themselves."""

from collections.abc import Callable

import pytest

from nfdsl.source import Source
from nfdsl.syntax.parse import parse


@pytest.mark.parametrize(
    ("marked", "code", "fixed"),
    [
        ("a «1e999»", "huge-number", None),
        ("a «" + "9" * 50 + "»", "huge-number", None),
        ("a «0." + "1" * 60 + "»", "huge-number", None),
        ('a «"»x', "unterminated-string", None),
        ('a f(«"»x)', "unterminated-string", None),
        (r'a "C:«\d»ata"', "unknown-escape", r'a "C:\\data"'),
        (r'a "\n«\u»d800"', "unknown-escape", r'a "\n\\ud800"'),
        ("a «'x y'»", "wrong-quotes", 'a "x y"'),
        ("a «\u201cx y\u201d»", "wrong-quotes", 'a "x y"'),
        ("a «'x \"y'»", "wrong-quotes", None),
        ("a 1 «//» twice", "wrong-comment", None),
        ("a «.5»", "bare-fraction", "a 0.5"),
        ("a f(1, «.5»)", "bare-fraction", "a f(1, 0.5)"),
        ("a 1«;»", "stray-character", None),
        ("a «@»", "stray-character", None),
        ("a b«é»c", "stray-character", None),
        ("a«\u00a0»1", "stray-character", "a 1"),
        ("a 1 «\u2013» 2", "stray-character", "a 1 - 2"),
        ("a 1 «\u2026» 8 by x2", "stray-character", "a 1 .. 8 by x2"),
        ("a 8«\u00d7»8", "stray-character", None),
        ("a «\r»1", "stray-character", None),
    ],
)
def test_a_malformed_token(expect: Callable[..., None], marked: str, code: str, fixed: str | None):
    expect(marked, code, fixed)


def test_characters_that_cannot_be_seen_are_named():
    (diagnostic,) = parse(Source("a.nfx", "model a { b\u00a01 }")).diagnostics
    assert diagnostic.headline == "U+00A0 no-break space has no meaning here"


def test_all_malformed_tokens_of_a_line_are_found():
    found = parse(Source("a.nfx", "model a {\n  b .5 'x' .7\n}\n")).diagnostics
    assert [diagnostic.code for diagnostic in found] == ["bare-fraction", "wrong-quotes", "bare-fraction"]


def test_a_text_that_never_ends():
    (diagnostic,) = parse(Source("a.nfx", '"""About.\n\nmodel a { b 1 }\n')).diagnostics
    assert (diagnostic.code, diagnostic.primary.span.text) == ("unterminated-string", '"""')
