"""Which records of a source are trained on."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Split:
    """A source's records in two parts; takes memory in proportion to the part that is left out only."""

    left_out: NDArray[np.int64]  # record indices, ascending: held out, or duplicates of what must not be seen
    examples: int  # trained on in one epoch

    def records(self, examples: NDArray[np.int64]) -> NDArray[np.int64]:
        """Returns the record index of each training example [n]: the n-th record that is not left out."""
        return examples + np.searchsorted(self._before, examples, side="right")

    @cached_property
    def _before(self) -> NDArray[np.int64]:
        """For each record left out, how many training examples come before it."""
        return self.left_out - np.arange(len(self.left_out))
