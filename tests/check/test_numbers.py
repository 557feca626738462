"""Numbers with units: exact, and dimensions checked."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Never

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfdsl.check.numbers import Amount, Numeric, described, measure, not_a_number
from nfdsl.check.point import Point
from nfdsl.check.rejected import Rejected
from nfdsl.check.tally import Tally
from nfdsl.schema.units import Dimension
from nfdsl.source import Source
from nfdsl.syntax import ast
from nfdsl.syntax.parse import parse


class Nameless:
    """Knows no names."""

    tally = Tally()

    def numbers(self, name: ast.Name, axis: str) -> Never:
        raise Rejected(not_a_number(name, axis))


def value(text: str) -> ast.Value:
    (block,) = parse(Source("a.nfx", f"model a {{ x {text} }}")).file.blocks
    found = block.settings[0].value
    assert not isinstance(found, ast.Unreadable)
    return found


def points(text: str) -> Sequence[Point[Numeric]]:
    return measure(value(text), "x", Nameless())


def single(text: str) -> Amount:
    (point,) = points(text)
    assert isinstance(point.value, Amount)
    return point.value


@pytest.mark.parametrize(
    ("text", "amount", "dimension"),
    [
        ("0.1 + 0.2", "3/10", Dimension.NUMBER),
        ("1 / 3 * 3", "1", Dimension.NUMBER),
        ("2 * 3 epochs", "6", Dimension.EPOCHS),
        ("6 images / 4 images", "3/2", Dimension.NUMBER),
        ("1 min + 30 s", "90", Dimension.SECONDS),
        ("35% * 2", "7/10", Dimension.NUMBER),
        ("-2 px - -3 px", "1", Dimension.PIXELS),
        ("1 GiB / 1 MiB", "1024", Dimension.NUMBER),
    ],
)
def test_arithmetic(text: str, amount: str, dimension: Dimension):
    found = single(text)
    assert (found.value, found.dimension, found.span.text) == (Fraction(amount), dimension, text)


@given(st.decimals(-1000, 1000, places=6), st.decimals(-1000, 1000, places=6))
def test_arithmetic_is_that_of_fractions(a: object, b: object):
    x, y = Fraction(str(a)), Fraction(str(b))
    assert single(f"({x.numerator} / {x.denominator}) * ({y.numerator} / {y.denominator})").value == x * y


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.25 .. 8 epochs by x2", ["1/4", "1/2", "1", "2", "4", "8"]),
        ("0.1 .. 0.5 by +0.1", ["1/10", "1/5", "3/10", "2/5", "1/2"]),
        ("1 .. 10 by x3", ["1", "3", "9"]),
        ("{1, 2 .. 3 by +1}", ["1", "2", "3"]),
        ("{1, 2} * {3, 4}", ["3", "4", "6", "8"]),
    ],
)
def test_grids(text: str, expected: list[str]):
    amounts = [point.value for point in points(text)]
    assert [amount.value for amount in amounts if isinstance(amount, Amount)] == [Fraction(each) for each in expected]


def test_lists_combine_with_numbers_and_with_lists():
    (point,) = points("[1, 2] * 3 + [10, 20]")
    assert isinstance(point.value, tuple)
    assert [amount.value for amount in point.value] == [13, 26]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1 images + 1 steps", "wrong-dimension"),
        ("[1, 2] + [1]", "wrong-dimension"),
        ("1 / (1 - 1)", "wrong-dimension"),
        ("2 .. 1 by +1", "empty-range"),
        ("[[1]]", "wrong-type"),
        ("word", "wrong-type"),
        ("1e90 * 1e90 * 1e90 * 1e90", "huge-number"),
        ("1 / 1e90 / 1e90 / 1e90 / 1e90", "huge-number"),
        ("1 .. 2 by x1.000001", "huge-number"),
        ("0 .. 1e40 by +1", "grid-too-large"),
        ("{}", "empty-grid"),
    ],
)
def test_what_is_refused(text: str, code: str):
    with pytest.raises(Rejected) as caught:
        points(text)
    (found,) = caught.value.diagnostics
    assert found.code == code
    assert found.help


def test_values_are_described():
    texts = ["a", '"a"', "1", "[1]", "8x8", "{1}", "1 .. 2 by x2", "f(1)", "-1", "1 2"]
    assert [described(value(text)) for text in texts] == [
        *("the word `a`", "text", "a number", "a list", "a list", "a grid", "a grid", "a call of `f`"),
        *("arithmetic", "several values"),
    ]
