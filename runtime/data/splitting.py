"""Which records are trained on, and which are held out."""

import math
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nfdsl.paths import located
from nfdsl.sampling.split import Split
from nfdsl.schema.data import Data
from runtime.data.exclusions import read_excluded
from runtime.data.records import DataError, Records

_CHUNK = 2**20  # records hashed at a time
_WORDS = 2**64  # identities there may be


class Parts(NamedTuple):
    """What becomes of the records of a source."""

    training: Split
    held_out: NDArray[np.int64]  # [h], ascending


def split(records: Records, data: Data, folder: str) -> Parts:
    """Returns what is trained on and what is held out: the `holdout` records of smallest identity.

    Which those are does not depend on the order of the records, nor on those that `dedup` excludes; a new record
    pushes out at most one.

    Args:
      folder: where the path of the list that `dedup` excludes starts.

    Raises:
      DataError: the data set is not what `data` declares, or the list of what `dedup` excludes cannot be read.
    """
    if data.holdout >= len(records):
        raise DataError(
            f"`holdout` says {data.holdout:,} images, which leaves none of the {len(records):,}"
            f" of {records.name} to train on"
        )
    held_out = _smallest(records, data.holdout)
    left_out = np.union1d(held_out, _excluded(records, data, folder))
    training = Split(left_out, len(records) - len(left_out))
    told = f"{len(records):,} less {data.holdout:,} held out"
    if excluded := len(left_out) - len(held_out):
        told += f" and {excluded:,} more excluded"
    if not training.examples:
        raise DataError(f"{records.name} has no images left to train on ({told})")
    if data.examples not in (None, training.examples):
        raise DataError(
            f"`examples` says {data.examples:,} images but {records.name} has {training.examples:,} to train on"
            f" ({told})"
        )
    return Parts(training, held_out)


def _excluded(records: Records, data: Data, folder: str) -> NDArray[np.int64]:
    if data.dedup is None:
        return np.empty(0, np.int64)
    if data.dedup.excluding is None:
        raise DataError(
            f"`dedup` does not say which images of {records.name} are duplicates: list them in a file and name it after"
            f" the word `excluding`, or drop `dedup`"
        )
    return read_excluded(located(data.dedup.excluding, folder), records)


def _smallest(records: Records, count: int) -> NDArray[np.int64]:
    """Returns the `count` records of smallest identity, ascending; of equal ones, those that come first."""
    if not count:
        return np.empty(0, np.int64)
    # Identities are hashes, so that it is known how far the smallest go: larger ones are neither kept nor sorted.
    expected = min(_WORDS, _WORDS * (count + 10 * math.isqrt(count) + 100) // len(records))
    found = _below(records, expected)
    if len(found.indices) < count:
        found = _below(records, _WORDS)
    smallest = np.argsort(found.identities, kind="stable")[:count]
    return np.sort(found.indices[smallest])


class _Found(NamedTuple):
    indices: NDArray[np.int64]  # [n], ascending
    identities: NDArray[np.uint64]  # [n]


def _below(records: Records, limit: int) -> _Found:
    """Returns the records whose identities are below `limit`."""

    def part(begin: int) -> _Found:
        indices = np.arange(begin, min(begin + _CHUNK, len(records)))
        identities = records.identities(indices)
        chosen = identities <= np.uint64(limit - 1)
        return _Found(indices[chosen], identities[chosen])

    with ThreadPoolExecutor() as pool:
        parts = zip(*pool.map(part, range(0, len(records), _CHUNK)), strict=True)
        indices, identities = map(np.concatenate, parts)
    return _Found(indices, identities)
