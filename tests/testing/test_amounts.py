"""Each spelling of an amount means that amount."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfdsl.schema.setting import Description
from nfdsl.schema.units import UNITS, Dimension
from nfdsl.source import Source
from nfdsl.syntax import ast
from nfdsl.syntax.parse import parse
from nfdsl.testing.amounts import amounts, spellings


def meant(text: str) -> tuple[Fraction, Dimension]:
    """Returns the amount and the dimension a number stands for."""
    value = parse(Source("a.nfx", f"a b {{ c {text} }}")).file.blocks[0].settings[0].value
    assert isinstance(value, ast.Number)
    unit = UNITS[value.unit.text] if value.unit else None
    return (value.value * unit.factor, unit.dimension) if unit else (value.value, Dimension.NUMBER)


@given(st.data(), st.fractions(0, 10**6).map(lambda amount: round(amount, 3)), st.sampled_from(Dimension))
def test_every_spelling_means_the_amount(data: st.DataObject, amount: Fraction, dimension: Dimension):
    assert meant(data.draw(spellings(amount, dimension))) == (amount, dimension)


@pytest.mark.parametrize("text", ["4096 images", "4_096 image", "4.096kimages", "4096E+0 images"])
def test_there_are_several(text: str):
    strategy = spellings(Fraction(4096), Dimension.IMAGES)
    assert text in strategy.elements  # pyright: ignore[reportAttributeAccessIssue]


@given(st.data())
def test_amounts_keep_to_the_range(data: st.DataObject):
    share = Description("", above=0, below=1)
    assert 0 < data.draw(amounts(share, whole=False)) < 1
    count = data.draw(amounts(Description("", at_least=2), whole=True))
    assert count >= 2
    assert count.denominator == 1
    assert 0 < data.draw(amounts(Description("", above=0, at_most=1), whole=False)) <= 1
