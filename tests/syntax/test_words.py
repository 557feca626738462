"""How words are spelled, and the space between them."""

import pytest

from nfdsl.source import Source
from nfdsl.syntax.format import formatted


def setting(text: str) -> str:
    """Returns a setting's value as it is formatted."""
    result = formatted(Source("a.nfx", f"model a {{ x {text}\n}}"))
    assert result is not None
    return result.removeprefix("model a {\n  x           ").removesuffix("\n}\n")


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("007", "7"),
        ("000", "0"),
        ("00.50", "0.50"),
        ("1E+06", "1e6"),
        ("1E-06", "1e-6"),
        ("1e00", "1e0"),
        ("1_281_167", "1_281_167"),
        ("12_81167", "1_281_167"),
        ("1_0", "10"),
        ("0.1234_5", "0.123_45"),
        ("30000", "30000"),
        ("5ksteps", "5k steps"),
        ("5k  steps", "5k steps"),
        ("4B images", "4B images"),
        ("1 step", "1 step"),
        ("1s", "1 s"),
        ("20min", "20 min"),
        ("224 px", "224px"),
        ("35 %", "35%"),
        ("30GiB", "30 GiB"),
        ("2MiB", "2 MiB"),
        ("5k", "5k"),
        ("2 B", "2 B"),  # a word beside a number
        ("08x8", "08x8"),
    ],
)
def test_numbers(text: str, spelled: str):
    assert setting(text) == spelled


@pytest.mark.parametrize(
    ("text", "spaced"),
    [
        ("1+2*3/4-5", "1 + 2 * 3 / 4 - 5"),
        ("- 1", "-1"),
        ("- - 1", "--1"),
        ("1 -1", "1 - 1"),
        ("1 - -1", "1 - -1"),
        ("a -1", "a - 1"),
        ("(1+2)*[ 3 ]", "(1 + 2) * [3]"),
        ("[1 ,2,]", "[1, 2]"),
        ("[ ]", "[]"),
        ("f ( )", "f()"),
        ("f ( a :1,2 , )", "f(a: 1, 2)"),
        ("f+ (1)", "f+ (1)"),
        ("f+(1)", "f + (1)"),
        ("a+", "a+"),
        ("a+1", "a + 1"),
        ("[a+ ,b+]", "[a+, b+]"),
        ("{F3+ : 4,F7+:8 }", "{F3+: 4, F7+: 8}"),
        ("0.25..8 epochs by   x2", "0.25 .. 8 epochs by x2"),
        ("0..5 by  + 1", "0 .. 5 by +1"),
        ("by+1", "by+1"),
        ("[by\n+ 1, by\n+ 8x8]", "[by+1, by+8x8]"),
        ("tune -by+1", "tune - by+1"),
        ("tune by+ 1", "tune by+ 1"),
        ("train 1px ,eval 2px", "train 1px, eval 2px"),
        ("best 2   per model", "best 2 per model"),
        ('"a  b" "#"', '"a  b" "#"'),
    ],
)
def test_spaces(text: str, spaced: str):
    assert setting(text) == spaced
    assert setting(spaced) == spaced
