"""Which records are trained on, and which are held out."""

import numpy as np
from numpy.typing import NDArray

from nfdsl.sampling.split import Split
from nfdsl.schema.data import Data
from runtime.data.records import DataError, Records

_CHUNK = 2**20  # records hashed at a time


def split(records: Records, data: Data) -> Split:
    """Returns the training and held-out parts: held out are the `holdout` records of smallest identity.

    Which those are does not depend on the order of the records, and a new record pushes out at most one.

    Raises:
      DataError: the data set is not what `data` declares, or declares what cannot be done yet.
    """
    left = len(records) - data.holdout
    if left < 1:
        raise DataError(
            f"`holdout` says {data.holdout:,} images, which leaves none of the {len(records):,}"
            f" of {records.name} to train on"
        )
    if data.examples not in (None, left):
        raise DataError(
            f"`examples` says {data.examples:,} images but {records.name} has {left:,} to train on"
            f" ({len(records):,} less {data.holdout:,} held out)"
        )
    if data.dedup is not None:
        raise DataError(
            f"`dedup` needs a list of the duplicates, which nothing can make or read yet;"
            f" take them out of {records.name} and drop `dedup`"
        )
    return Split(_smallest(records, data.holdout), left)


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
