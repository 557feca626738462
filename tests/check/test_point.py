"""Points multiply, but for the grids they share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfdsl.check.point import LIMIT, Choice, Point, combinations, named
from nfdsl.check.rejected import Rejected
from nfdsl.source import Source, Span

SPAN = Span(Source("a.nfx", "x"), 0, 1)


def grid(name: str, size: int) -> list[Point[int]]:
    return [Point(index, (Choice("axis", str(index), name, index),)) for index in range(size)]


@given(st.lists(st.integers(0, 4), max_size=4))
def test_the_size_is_the_product(sizes: list[int]):
    made = [*combinations([grid("", size) for size in sizes], SPAN)]
    product = 1
    for size in sizes:
        product *= size
    assert len(made) == len({point.value for point in made}) == product


def test_shared_grids_agree():
    made = combinations([grid("a", 3), grid("b", 2), grid("a", 3)], SPAN)
    assert [point.value for point in made] == [(a, b, a) for a in range(3) for b in range(2)]


def test_labels_of_a_shared_grid_are_said_once():
    (point, _) = combinations([grid("a", 2), grid("a", 2)], SPAN)
    assert point.labels == (("axis", "0"),)


def test_labels_of_one_axis_are_joined():
    assert Point(0, (Choice("x", "a"), Choice("y", "b"), Choice("x", "c"))).labels == (("x", "a, c"), ("y", "b"))


def test_a_name_makes_one_grid_of_several():
    pairs = [*combinations([grid("", 2), grid("", 2)], SPAN)]
    one = named(pairs, "n", "axis")
    assert len([*combinations([one, one], SPAN)]) == 4
    assert [point.labels for point in one] == [point.labels for point in pairs]


def test_too_many_are_refused_before_they_are_made():
    with pytest.raises(Rejected) as caught:
        combinations([grid("", 2)] * 5000, SPAN)
    assert caught.value.diagnostics[0].code == "grid-too-large"
    with pytest.raises(Rejected):
        combinations([grid("", 2)], SPAN, beside=LIMIT)
    mixed = grid("a", LIMIT // 2 + 1)
    with pytest.raises(Rejected):
        combinations([mixed, mixed, grid("", 2)], SPAN)
