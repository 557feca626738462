"""Which views the ledger says were fed, against those that had to be: by their numbers alone."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nfdsl.audit.evidence import Evidence
from nfdsl.audit.spans import Span, joined


@dataclass(frozen=True)
class Coverage:
    """What is not as it should be; all empty where each view was fed once, in its step."""

    missing: list[Span]
    doubled: list[Span]
    misplaced: list[tuple[int, Span]]  # the step, and views that it was fed but another had to be


def coverage(evidence: Evidence) -> Coverage:
    """Compares the views of the rows that count, which are in the order of their views, with all that had to be fed."""
    first = evidence.fed["first"]
    last = first + evidence.fed["count"]
    reached = np.concatenate([[0], np.maximum.accumulate(last)])  # by the rows before each
    gaps = _spans(reached, np.append(first, evidence.images))
    overlaps = _spans(first, np.minimum(last, reached[:-1]))
    surplus = _spans(np.maximum(first, evidence.images), last)
    return Coverage(gaps, joined([*overlaps, *surplus]), _misplaced(evidence, first, last))


def _misplaced(evidence: Evidence, first: NDArray[np.int64], last: NDArray[np.int64]) -> list[tuple[int, Span]]:
    batch, steps = evidence.index.terms.batch, evidence.fed["step"]
    outside = np.flatnonzero((first < steps * batch) | (last > (steps + 1) * batch))
    return [(int(steps[row]), Span(int(first[row]), int(last[row]))) for row in outside.tolist()]


def _spans(first: NDArray[np.int64], last: NDArray[np.int64]) -> list[Span]:
    """Returns those ranges that are not empty."""
    there = np.flatnonzero(first < last).tolist()
    return joined(Span(int(first[row]), int(last[row])) for row in there)
