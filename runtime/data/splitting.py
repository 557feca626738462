"""Which records are trained on, and which are held out."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nfdsl.sampling.split import Split
from nfdsl.schema.data import Data
from runtime.data.exclusions import read_excluded
from runtime.data.records import DataError, Records

_CHUNK = 2**20  # records hashed at a time


class Parts(NamedTuple):
    """What becomes of the records of a source."""

    training: Split
    held_out: NDArray[np.int64]  # [h], ascending


def split(records: Records, data: Data) -> Parts:
    """Returns what is trained on and what is held out: the `holdout` records of smallest identity.

    Which those are does not depend on the order of the records, nor on those that `dedup` excludes; a new record
    pushes out at most one.

    Raises:
      DataError: the data set is not what `data` declares, or the list of what `dedup` excludes cannot be read.
    """
    if data.holdout >= len(records):
        raise DataError(
            f"`holdout` says {data.holdout:,} images, which leaves none of the {len(records):,}"
            f" of {records.name} to train on"
        )
    held_out = _smallest(records, data.holdout)
    left_out = np.union1d(held_out, _excluded(records, data))
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


def _excluded(records: Records, data: Data) -> NDArray[np.int64]:
    if data.dedup is None:
        return np.empty(0, np.int64)
    if data.dedup.excluding is None:
        raise DataError(
            f"`dedup` does not say which images of {records.name} are duplicates: list them in a file and name it after"
            f" the word `excluding`, or drop `dedup`"
        )
    return read_excluded(data.dedup.excluding, records)


def _smallest(records: Records, count: int) -> NDArray[np.int64]:
    """Returns the `count` records of smallest identity, ascending; of equal ones, those that come first."""
    chosen, identities = np.empty(0, np.int64), np.empty(0, np.uint64)
    for begin in range(0, len(records) if count else 0, _CHUNK):
        chunk = np.arange(begin, min(begin + _CHUNK, len(records)))
        hashes = records.identities(chunk)
        if len(chosen) == count:
            chunk, hashes = chunk[hashes < identities[-1]], hashes[hashes < identities[-1]]
        chosen, identities = np.concatenate([chosen, chunk]), np.concatenate([identities, hashes])
        smallest = np.argsort(identities, kind="stable")[:count]
        chosen, identities = chosen[smallest], identities[smallest]
    return np.sort(chosen)
