"""Shards of ArrayRecord files that hold `tf.train.Example` records."""

import hashlib
import io
import re
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from glob import glob
from itertools import takewhile
from pathlib import Path
from typing import cast

import numpy as np
from grain.sources import ArrayRecordDataSource
from numpy.typing import NDArray

from nfdsl.sampling.randomness import digest, hashed
from runtime.data.decoding import decoded
from runtime.data.records import DataError, Example, Key, Shards, Unreadable, missing
from runtime.data.tf_example import bytes_value, features, int_value

_WILD = re.compile(r"[*?[]")
_OPENING_THREADS = 16  # shards are opened side by side: on network storage each takes a round trip


@dataclass(frozen=True, eq=False)
class ArrayRecords:
    """The records of all shards in order; a record's key is its shard's file name and its place there."""

    name: str
    classes: int
    paths: list[Path]
    shards: list[Sequence[bytes]]

    def __len__(self) -> int:
        return int(self._ends[-1])

    def read(self, index: int) -> Example:
        """Returns one record: `image/encoded`, decoded, with `image/class/label`, counted from 0."""
        (shard,), (place,) = self._place(np.array([index]))
        record = f"record {place} of {self.paths[shard]}"
        try:
            found = features(self.shards[shard][int(place)])
            encoded, label = bytes_value(found["image/encoded"]), int_value(found["image/class/label"])
        except KeyError as error:
            raise Unreadable(f"{record} has no feature {error}") from error
        except (RuntimeError, ValueError) as error:
            raise Unreadable(f"{record} is not a readable tf.train.Example: {error}") from error
        if not 0 <= label < self.classes:
            raise DataError(
                f"{record} has label {label}; `classes` says {self.classes}, so labels are 0 to {self.classes - 1}"
            )
        return Example(decoded(io.BytesIO(encoded), record), label, Key(int(self._digests[shard]), int(place)))

    def shard_index(self) -> Shards:
        return Shards(self._digests, self._counts)

    def identities(self, indices: NDArray[np.int64]) -> NDArray[np.uint64]:
        shards, places = self._place(indices)
        return hashed(self._digests[shards], places)

    def find(self, name: str) -> int:
        """Returns the index of a record called by its shard's file name and its place there: ``shard 17``."""
        shard, _, place = name.rpartition(" ")
        indices = self._ranges[shard]
        index = indices.start + int(place)
        if index not in indices:
            raise KeyError(name)
        return index

    def fingerprint(self) -> str:
        """Returns a hash of the shards' names, sizes and numbers of records."""
        shards = zip(self.paths, self.shards, strict=True)
        listing = "".join(f"{path.name}\0{path.stat().st_size}\0{len(shard)}\0" for path, shard in shards)
        return hashlib.blake2b(listing.encode(), digest_size=16).hexdigest()

    def _place(self, indices: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Returns the shard [n] that holds each record and the record's place [n] in it."""
        shards = np.searchsorted(self._ends, indices, side="right")
        return shards, indices - (self._ends[shards] - self._counts[shards])

    @cached_property
    def _counts(self) -> NDArray[np.int64]:
        return np.array([len(shard) for shard in self.shards], np.int64)

    @cached_property
    def _ends(self) -> NDArray[np.int64]:
        return np.cumsum(self._counts)

    @cached_property
    def _ranges(self) -> dict[str, range]:
        """The indices of each shard's records."""
        ends = zip(self.paths, (self._ends - self._counts).tolist(), self._ends.tolist(), strict=True)
        return {path.name: range(begin, end) for path, begin, end in ends}

    @cached_property
    def _digests(self) -> NDArray[np.uint64]:
        return np.array([digest("array_record", path.name) for path in self.paths], np.uint64)


def array_records(pattern: str, classes: int, name: str) -> ArrayRecords:
    """Returns the records of all shards that match the glob `pattern`, sorted by path.

    Args:
      name: what the spec calls them.

    Raises:
      DataError: no file matches, two have the same name, or one is no ArrayRecord file.
    """
    matching = sorted(glob(pattern, recursive=True))  # noqa: PTH207 (Path.glob takes no absolute patterns)
    paths = [Path(path) for path in matching]
    if not paths:
        raise _no_shards(pattern)
    twice, times = Counter(path.name for path in paths).most_common(1)[0]
    if times > 1:
        raise DataError(
            f"{times} files of `{pattern}` are called {twice}; records are told apart by the names of their shards"
        )
    with ThreadPoolExecutor(_OPENING_THREADS) as pool:
        return ArrayRecords(name, classes, paths, list(pool.map(_opened, paths)))


def _no_shards(pattern: str) -> DataError:
    folder = Path(*takewhile(lambda part: not _WILD.search(part), Path(pattern).parent.parts))
    if folder.is_absolute() and not folder.exists():
        return missing("folder", folder)
    return DataError(f"no file on this machine matches `{pattern}`")


def _opened(path: Path) -> Sequence[bytes]:
    try:
        # Type checkers see only grain's stand-in for Windows, which has no length.
        return cast(Sequence[bytes], ArrayRecordDataSource(str(path)))
    except RuntimeError as error:
        raise DataError(f"{path} is not a readable ArrayRecord file: {error}") from error
