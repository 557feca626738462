"""What a data source offers: numbered records, each an image with a label and a lasting identity."""

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image


class DataError(Exception):
    """What is wrong with a data set, in one sentence for the person who named it."""


class Example(NamedTuple):
    """One record, decoded."""

    image: Image  # mode RGB, any size
    label: int


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
          DataError: it cannot be read; names the record and its file.
        """
        ...

    def identities(self, indices: NDArray[np.int64]) -> NDArray[np.uint64]:
        """Returns for each of `indices` [n] a 64-bit hash of the record's key.

        It stays the same when other records come and go, and wherever the files are moved to.
        """
        ...

    def fingerprint(self) -> str:
        """Returns a hash that changes when records come, go or change, as far as can be told without reading them."""
        ...
