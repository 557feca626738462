"""Choices counted over a whole study."""

import pytest

from nfdsl.check.point import Choice, Point
from nfdsl.check.rejected import Rejected
from nfdsl.check.tally import MOST, Tally
from nfdsl.source import Source, Span

SPAN = Span(Source("a.nfx", "{1, 2}"), 0, 6)
PAIR = [Point(1, (Choice("lr", "1"), Choice("lr", "", "rates", 0))), Point(2)]


def test_a_point_counts_as_often_as_it_has_choices_and_one_alone_not_at_all():
    tally = Tally()
    tally.add(PAIR, SPAN)
    tally.add(PAIR[:1], SPAN)
    assert tally.choices == 3


def test_too_many_are_refused_and_that_is_said_once():
    tally = Tally(choices=MOST - 1)
    with pytest.raises(Rejected) as first:
        tally.add(PAIR, SPAN)
    with pytest.raises(Rejected) as second:
        tally.add(PAIR, SPAN)
    assert [[found.code for found in raised.value.diagnostics] for raised in (first, second)] == [
        ["grid-too-large"],
        [],
    ]
