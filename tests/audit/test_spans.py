"""Ranges of views."""

import numpy as np

from nfdsl.audit.spans import Span, count, joined, numbers, split


def test_spans_that_touch_overlap_or_lie_within_are_one():
    assert joined([Span(5, 8), Span(0, 4), Span(1, 2), Span(4, 5), Span(10, 12), Span(9, 9)]) == [(0, 8), (10, 12)]
    assert joined([Span(3, 5), Span(0, 9)]) == [(0, 9)]


def test_views_are_counted():
    assert count([Span(0, 8), Span(10, 12)]) == 10


def test_spans_are_cut_at_multiples():
    assert split([Span(3, 21), Span(30, 40)], 10) == [(3, 10), (10, 20), (20, 21), (30, 40)]


def test_the_numbers_of_ranges():
    assert numbers(np.array([7, 0, 3]), np.array([2, 0, 3])).tolist() == [7, 8, 3, 4, 5]
