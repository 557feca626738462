"""The law of a block of runs: loss in compute along what is compute-optimal."""

from collections.abc import Sequence

import numpy as np

from nfdsl.analysis.envelope import envelope
from nfdsl.analysis.fit import Fit, Floats, fit_power_law
from nfdsl.study.records import Record


def optimal(tuned: Sequence[Record]) -> tuple[Record, ...]:
    """Returns the tuned runs with the lowest loss reached at or below their compute, cheapest first."""
    measured = [record for record in tuned if record.holdout_loss is not None]
    places: list[int] = envelope(*_points(measured)).tolist()
    return tuple(measured[place] for place in places)


def fit_law(tuned: Sequence[Record]) -> Fit:
    """Returns the power law through the compute-optimal of the tuned runs. Raises `FitError`."""
    return fit_power_law(*_points(optimal(tuned)))


def _points(records: Sequence[Record]) -> tuple[Floats, Floats]:
    compute = np.array([record.train_flops for record in records], dtype=np.float64)
    loss = np.array([record.holdout_loss for record in records], dtype=np.float64)
    return compute, loss
