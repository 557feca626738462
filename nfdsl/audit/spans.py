"""Ranges of views, by the numbers that name them."""

from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Span(NamedTuple):
    """The views ``[first, last)`` of a run."""

    first: int
    last: int


def joined(spans: Iterable[Span]) -> list[Span]:
    """Returns the same views in as few spans as possible, ascending; views in several spans are in one."""
    result: list[Span] = []
    for span in sorted(spans):
        if span.first >= span.last:
            continue
        if result and span.first <= result[-1].last:
            result[-1] = Span(result[-1].first, max(result[-1].last, span.last))
        else:
            result.append(span)
    return result


def count(spans: Iterable[Span]) -> int:
    """Returns how many views lie in spans that do not overlap."""
    return sum(span.last - span.first for span in spans)


def split(spans: Iterable[Span], size: int) -> list[Span]:
    """Returns the spans, cut where a multiple of `size` begins."""
    parts: list[Span] = []
    for first, last in spans:
        cuts = [first, *range(first + size - first % size, last, size), last]
        parts += [Span(begin, end) for begin, end in pairwise(cuts)]
    return parts


def numbers(firsts: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Returns all numbers of m ranges, one range after the other, from where they begin [m] and their lengths [m]."""
    starts = np.cumsum(counts) - counts
    return np.repeat(firsts - starts, counts) + np.arange(int(counts.sum()))
