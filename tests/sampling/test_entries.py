"""Tests of rows of the ledger: those of a step are the same, whichever processes fed which views."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from nfdsl.sampling.entries import combined, entries
from nfdsl.sampling.index import Index, Terms
from nfdsl.sampling.ledger import FED

EXAMPLES = 10


def index(repeat=1):
    terms = Terms("somewhere", "f1", seed=3, batch=24, repeat=repeat, images=200)
    return Index(terms, np.array([5], np.uint64), np.array([EXAMPLES]), np.zeros(0, np.int64))


def rows_of_views(known, step, views, unread):
    keys = known.keys(known.course.at(views).records)
    return entries(known, step, views, keys, np.isin(views, unread), processes=3)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.integers(1, 3),
    st.lists(st.integers(0, 2), min_size=12, max_size=12),
    st.sets(st.integers(0, 71), max_size=5),
    st.integers(1, 24),
)
def test_whoever_feeds_which_views_the_rows_of_a_step_are_those_of_one_process(repeat, owners, unread, last):
    """Three steps of 24 views, dealt out to three processes by twos; the last step is short."""
    known, batch = index(repeat), np.arange(24)
    owner = np.repeat(owners, 2)
    steps = [batch, 24 + batch, 48 + batch[:last]]
    whole = [rows_of_views(known, step, views, [*unread]) for step, views in enumerate(steps)]
    dealt = [
        rows_of_views(known, step, views[owner[: len(views)] == process], [*unread])
        for process in range(3)
        for step, views in enumerate(steps)
    ]
    expected = combined(np.concatenate(whole), known.epoch)
    assert combined(np.concatenate(dealt), known.epoch).tobytes() == expected.tobytes()


def test_a_process_has_a_row_for_each_range_of_views_in_an_epoch():
    views = np.array([4, 5, 6, 8, 9, 10, 11, 14])  # an epoch has 10
    rows = rows_of_views(index(), 0, views, [])
    assert [(row["kind"], row["first"], row["count"]) for row in rows] == [
        (FED, 4, 3),
        (FED, 8, 2),
        (FED, 10, 2),
        (FED, 14, 1),
    ]
