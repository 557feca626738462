"""What a run is shown, view by view.

Views are numbered through the whole run: view p shows unique image ``u = p // repeat`` for the
``p % repeat``-th time, and unique image u is position ``u % examples`` of epoch ``u // examples``. Step
t takes the views ``[t * batch, (t + 1) * batch)``.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nfdsl.sampling.order import order
from nfdsl.sampling.split import Split


class Shown(NamedTuple):
    """What each of n views shows."""

    epochs: NDArray[np.int64]  # [n]
    records: NDArray[np.int64]  # [n], indices into the source
    repeats: NDArray[np.int64]  # [n], 0 to repeat - 1


@dataclass(frozen=True, eq=False)
class Course:
    """A function of the view's number and nothing else."""

    seed: int
    repeat: int  # times that each image is shown in an epoch
    split: Split

    def at(self, views: NDArray[np.int64]) -> Shown:
        """Returns what `views` [n] show."""
        unique, repeats = np.divmod(views, self.repeat)
        epochs, positions = np.divmod(unique, self.split.examples)
        examples = order(self.seed, epochs, positions, self.split.examples)
        return Shown(epochs, self.split.records(examples), repeats)
