"""Which views were fed, by their numbers alone."""

from types import SimpleNamespace

import pytest

from nfdsl.audit.coverage import coverage
from nfdsl.audit.evidence import Evidence
from nfdsl.sampling.ledger import FED, SKIPPED, rows_of


def covered(rows, images):
    """Returns what three steps of 12 views lack and have too much of, from rows (step, first view, count)."""
    fed = rows_of(FED, len(rows))
    fed["step"], fed["first"], fed["count"] = zip(*rows, strict=True)
    index = SimpleNamespace(terms=SimpleNamespace(batch=12, images=images))
    found = coverage(Evidence(index, 3, "0", fed, rows_of(SKIPPED, 0), 0))
    return found.missing, found.doubled, found.misplaced


@pytest.mark.parametrize(
    ("rows", "images", "missing", "doubled"),
    [
        ([(0, 0, 12), (1, 12, 12), (2, 24, 12)], 36, [], []),
        ([(0, 0, 12), (1, 12, 12), (2, 24, 8)], 32, [], []),
        ([(0, 0, 12), (0, 3, 3), (1, 12, 12), (2, 24, 12)], 36, [], [(3, 6)]),  # one row within another
        ([(0, 0, 12), (1, 12, 12), (1, 12, 12), (2, 24, 12)], 36, [], [(12, 24)]),
        ([(0, 2, 10), (1, 12, 12), (2, 26, 10)], 36, [(0, 2), (24, 26)], []),
        ([(0, 0, 12), (1, 12, 12)], 36, [(24, 36)], []),
        ([(0, 0, 12), (1, 12, 12), (2, 24, 12)], 30, [], [(30, 36)]),  # past the end of the run
    ],
)
def test_gaps_are_missing_and_what_overlaps_or_is_too_much_is_doubled(rows, images, missing, doubled):
    assert covered(rows, images) == (missing, doubled, [])


def test_views_of_another_step_are_misplaced():
    assert covered([(0, 0, 13), (1, 13, 11), (2, 24, 12)], 36) == ([], [], [(0, (0, 13))])
    assert covered([(0, 0, 11), (1, 11, 13), (2, 24, 12)], 36) == ([], [], [(1, (11, 24))])
