"""Whether what was read is what the views had to show: by digests.

The digests of an epoch's rows add up to that of the whole data set, or something in it is missing or
doubled; this needs nothing but sums, however many examples there are. Rows are compared one by one with
what the order says, too, which takes a second for every few million views: all of them where the run is
short or something is wrong, else as many as `VIEWS` allows, drawn by the ledger's last seal, so that whoever
writes a ledger cannot know which it will be.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nfdsl.audit.evidence import Evidence
from nfdsl.audit.spans import numbers
from nfdsl.sampling.index import Index
from nfdsl.sampling.ledger import Rows
from nfdsl.sampling.multiset import LANES, NOTHING, Digest, plus, totals

VIEWS = 2**22  # compared one by one
_CHUNK = 2**18  # views at a time


class Compared(NamedTuple):
    """FED rows that were compared one by one."""

    places: NDArray[np.int64]  # [n], ascending, among the FED rows
    expected: NDArray[np.uint64]  # [2, n], the digests of what they had to be fed
    stated: NDArray[np.uint64]  # [2, n], of what they say was fed of their views, or skipped

    @property
    def wrong(self) -> NDArray[np.int64]:
        """The places of the rows that were not fed what they had to be."""
        return self.places[(self.expected != self.stated).any(axis=0)]


def epoch_sums(evidence: Evidence) -> dict[int, Digest]:
    """Returns what the rows of each epoch say was fed or skipped in it."""
    sums: dict[int, Digest] = {}
    for rows in (evidence.fed, evidence.skipped):
        if not rows.size:
            continue
        epochs = rows["first"] // evidence.index.epoch
        starts = np.flatnonzero(np.diff(epochs, prepend=-1))
        parts = totals(np.ascontiguousarray(rows["digest"].T), starts)
        for epoch, part in zip(epochs[starts].tolist(), parts.T.tolist(), strict=True):
            sums[epoch] = plus(sums.get(epoch, NOTHING), (part[0], part[1]))
    return sums


def drawn(evidence: Evidence) -> NDArray[np.bool_]:
    """Returns which of the FED rows [n] to compare: all, or a share drawn by the seal."""
    rows = len(evidence.fed)
    share = VIEWS / max(1, int(evidence.fed["count"].sum()))
    if share >= 1:
        return np.ones(rows, np.bool_)
    draws = np.random.default_rng(int(evidence.seal, 16))
    return draws.random(rows) < share


def of_epochs(evidence: Evidence, epochs: Iterable[int]) -> NDArray[np.bool_]:
    """Returns which of the FED rows [n] are of `epochs`."""
    return np.isin(evidence.fed["first"] // evidence.index.epoch, [*epochs])


def compared(evidence: Evidence, chosen: NDArray[np.bool_]) -> Compared:
    """Compares the `chosen` ones of the FED rows [n] with what the order says."""
    places = np.flatnonzero(chosen & (evidence.fed["count"] > 0))
    return Compared(places, _expected(evidence.index, evidence.fed, places), _stated(evidence, places))


def _expected(index: Index, rows: Rows, places: NDArray[np.int64]) -> NDArray[np.uint64]:
    digests = [np.zeros((LANES, 0), np.uint64)]
    for chunk in _chunks(rows, places):
        counts = rows["count"][chunk].astype(np.int64)
        elements = index.elements(numbers(rows["first"][chunk], counts))
        digests.append(totals(elements, np.cumsum(counts) - counts))
    return np.concatenate(digests, axis=1)


def _stated(evidence: Evidence, places: NDArray[np.int64]) -> NDArray[np.uint64]:
    digests = np.ascontiguousarray(evidence.fed["digest"][places].T)
    owners = np.searchsorted(evidence.fed["first"], evidence.skipped["first"], side="right") - 1
    column_of = {place: column for column, place in enumerate(places.tolist())} if owners.size else {}
    for owner, (one, other) in zip(owners.tolist(), evidence.skipped["digest"].tolist(), strict=True):
        if (column := column_of.get(owner)) is not None:
            first, second = digests[:, column].tolist()
            digests[:, column] = plus((first, second), (one, other))
    return digests


def _chunks(rows: Rows, places: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Yields the places in parts of about `_CHUNK` views."""
    if places.size:
        ends = np.cumsum(rows["count"][places].astype(np.int64)) // _CHUNK
        yield from np.split(places, np.flatnonzero(np.diff(ends)) + 1)
