"""Whether what was read is what the views had to show: by digests.

The digests of an epoch's rows add up to that of the whole data set, or something in it is missing or
doubled; this needs nothing but sums, however many examples there are. Rows are compared one by one with
what the order says, too, which takes a second for every few million views: all of them where the run is
short or something is wrong, else as many as `VIEWS` allows, drawn by the ledger's last seal, so that whoever
writes a ledger cannot know which it will be.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from nfdsl.audit.evidence import Evidence
from nfdsl.audit.spans import numbers
from nfdsl.sampling.index import Index
from nfdsl.sampling.ledger import Rows
from nfdsl.sampling.multiset import NOTHING, Digest, plus, totals

VIEWS = 2**22  # compared one by one
_CHUNK = 2**18  # views at a time

Rederived = dict[int, Digest]  # what rows should have been fed, by their place among the FED rows


def epoch_sums(evidence: Evidence) -> dict[int, Digest]:
    """Returns what the rows of each epoch say was fed or skipped in it."""
    sums: dict[int, Digest] = {}
    for rows in (evidence.fed, np.sort(evidence.skipped, order="first")):
        if not rows.size:
            continue
        epochs = rows["first"] // evidence.index.epoch
        starts = np.flatnonzero(np.diff(epochs, prepend=-1))
        parts = totals(np.ascontiguousarray(rows["digest"].T), starts)
        for epoch, part in zip(epochs[starts].tolist(), parts.T.tolist(), strict=True):
            sums[epoch] = plus(sums.get(epoch, NOTHING), (part[0], part[1]))
    return sums


def drawn(evidence: Evidence) -> NDArray[np.int64]:
    """Returns the places of the FED rows to compare, ascending: all, or a share drawn by the seal."""
    rows = len(evidence.fed)
    share = VIEWS / max(1, int(evidence.fed["count"].sum()))
    if share >= 1:
        return np.arange(rows)
    draws = np.random.default_rng(int(evidence.seal, 16))
    return np.flatnonzero(draws.random(rows) < share)


def rederived(index: Index, rows: Rows, places: NDArray[np.int64]) -> Rederived:
    """Returns what the FED rows at `places` should have been fed."""
    found: Rederived = {}
    for chunk in _chunks(rows, places):
        counts = rows["count"][chunk].astype(np.int64)
        elements = index.elements(numbers(rows["first"][chunk], counts))
        parts = totals(elements, np.cumsum(counts) - counts)
        found |= {place: (one, other) for place, (one, other) in zip(chunk.tolist(), parts.T.tolist(), strict=True)}
    return found


def stated(evidence: Evidence, places: NDArray[np.int64]) -> dict[int, Digest]:
    """Returns what the FED rows at `places` say was fed of their views, or skipped."""
    pairs = zip(places.tolist(), evidence.fed["digest"][places].tolist(), strict=True)
    found: dict[int, Digest] = {place: (one, other) for place, (one, other) in pairs}
    owners = np.searchsorted(evidence.fed["first"], evidence.skipped["first"], side="right") - 1
    for owner, (one, other) in zip(owners.tolist(), evidence.skipped["digest"].tolist(), strict=True):
        if owner in found:
            found[owner] = plus(found[owner], (one, other))
    return found


def _chunks(rows: Rows, places: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Yields the places in parts of about `_CHUNK` views."""
    places = places[rows["count"][places] > 0]
    if places.size:
        ends = np.cumsum(rows["count"][places].astype(np.int64)) // _CHUNK
        yield from np.split(places, np.flatnonzero(np.diff(ends)) + 1)
