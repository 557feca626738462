"""Power laws of loss in compute, ``L = a C^-b``."""

from dataclasses import dataclass

import numpy as np

from nfdsl.analysis.forms import exponential
from nfdsl.analysis.points import FitError, Floats, Points, distinct, require_logarithms

LEAST = 3


@dataclass(frozen=True)
class Power:
    """``L = a C^-b``, by least squares of log loss on log compute."""

    names: tuple[str, ...] = ("a", "b")
    columns: tuple[str, ...] = ("compute",)
    least_squares: bool = True
    repetitions: int = 3_999

    def require(self, points: Points) -> None:
        require_computes(points, LEAST, "A power law")

    def constants(self, points: Points, log_losses: Floats) -> Floats:
        x = np.log(points.compute)
        around = x - x.mean()
        slopes = (log_losses - log_losses.mean(axis=1, keepdims=True)) @ around / (around @ around)
        return np.stack([log_losses.mean(axis=1) - slopes * x.mean(), -slopes], axis=1)

    def named(self, constants: Floats) -> Floats:
        return np.stack([exponential(constants[:, 0]), constants[:, 1]], axis=1)

    def log_loss(self, constants: Floats, points: Points) -> Floats:
        log_a, b = constants[:, :1], constants[:, 1:]
        return log_a - b * np.log(points.compute)

    def budgets(self, points: Points) -> Floats:
        return points.compute


def require_computes(points: Points, least: int, what: str) -> None:
    """Raises `FitError` unless there are so many different amounts of compute and losses that are not all the same."""
    require_logarithms(points)
    found = distinct(points.compute)
    if found < least:
        raise FitError(f"{what} needs at least {least} different amounts of compute; there {is_or_are(found)}.")
    if np.all(points.loss == points.loss[0]):
        raise FitError(f"All {len(points)} losses are the same, so there is nothing to fit.")


def is_or_are(count: int) -> str:
    return "is 1" if count == 1 else f"are {count}"
