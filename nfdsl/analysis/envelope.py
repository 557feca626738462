"""The compute-optimal envelope: the lowest loss reached at or below each compute."""

import numpy as np
from numpy.typing import NDArray


def envelope(compute: NDArray[np.float64], loss: NDArray[np.float64]) -> NDArray[np.intp]:
    """Returns which points no other one beats, in increasing compute.

    A point is on the envelope (the Pareto frontier of Zhai et al. 2022, section 3.1) if every
    point of the same or less compute has a higher loss; of equal points, the first.

    Args:
      compute, loss: shape [points]; finite.

    Returns:
      Indices into the points, shape [points on the envelope].
    """
    order = np.lexsort((loss, compute))
    sorted_loss = loss[order]
    best_before = np.minimum.accumulate(np.concatenate([[np.inf], sorted_loss[:-1]]))
    return order[sorted_loss < best_before]
