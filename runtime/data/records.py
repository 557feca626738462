"""What a data source offers: numbered records, each an image with a label and a lasting identity."""

from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

from nfdsl.paths import nearby


class DataError(Exception):
    """What is wrong with a data set, in one sentence for the person who named it."""


class Unreadable(DataError):
    """One record cannot be read; names it and its file."""


def missing(what: str, path: Path) -> DataError:
    """Returns that there is nothing at a path, and what may be meant."""
    meant = nearby(path)
    return DataError(f"there is no {what} `{path}`" + (f"; did you mean `{meant}`?" if meant else ""))


class Key(NamedTuple):
    """What a record is known by, wherever its file is moved to."""

    shard: int  # a 64-bit hash of its shard's name
    place: int  # where it lies in the shard


class Shards(NamedTuple):
    """The m shards of a source in the order of its records, as they are known by."""

    words: NDArray[np.uint64]  # [m], a hash of each shard's name
    counts: NDArray[np.int64]  # [m], its records


class Example(NamedTuple):
    """One record, decoded."""

    image: Image  # mode RGB, any size
    label: int
    key: Key  # of what was read


class Records(Protocol):
    """Records numbered from 0, all readable from several threads at once."""

    @property
    def name(self) -> str:
        """The source as errors show it."""
        ...

    def __len__(self) -> int: ...

    def read(self, index: int) -> Example:
        """Returns one record, whose label is below the declared number of classes.

        Raises:
          Unreadable: it cannot be read.
          DataError: its label is not one of those declared.
        """
        ...

    def shard_index(self) -> Shards:
        """Returns what records are known by: those of each shard by its word, and by their place in it from 0 on."""
        ...

    def identities(self, indices: NDArray[np.int64]) -> NDArray[np.uint64]:
        """Returns for each of `indices` [n] a 64-bit hash of the record's key.

        It stays the same when other records come and go, and wherever the files are moved to.
        """
        ...

    def find(self, name: str) -> int:
        """Returns the index of the record that lists call `name`.

        Raises:
          KeyError, ValueError: there is none.
        """
        ...

    def fingerprint(self) -> str:
        """Returns a hash that changes when records come, go or change, as far as can be told without reading them."""
        ...
