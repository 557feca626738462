"""Where between the tried learning rates the best one lies, and how surely.

Near its minimum the loss is a parabola in the logarithm of the learning rate, so three points around the
best one already say where between them the minimum is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf, isfinite, log, sqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Edge = Literal["lowest", "highest"]

_STEPS = 2  # how far the parabola is fitted to either side of the best: farther off, losses are no parabola

# 97.5% quantiles of Student's t for 1 and 2 degrees of freedom: a window has five points at most.
_STUDENT = {1: 12.706, 2: 4.303}


@dataclass(frozen=True)
class Optimum:
    """The learning rate of least loss, with a 95% interval."""

    rate: float  # between the tried ones where a parabola fits, else the best tried
    low: float
    high: float
    tried: float  # the best of those tried
    edge: Edge | None  # the end of the grid the best tried one is: the true optimum may be beyond it
    bracketed: bool  # whether both its neighbours were tried; if not, that they are worse is assumed

    @property
    def censored(self) -> bool:
        """Whether the optimum is known to lie at the end of the grid or beyond, but not where."""
        return self.edge is not None


def optimum(rates: Sequence[float], losses: Sequence[float]) -> Optimum | None:
    """Returns the optimum of a grid of learning rates; None where no loss is finite.

    A parabola in log rate goes through the best point and up to two finite neighbours to either side of it,
    by least squares. Its vertex is held within the best point's neighbours, between which a loss with one
    minimum has it. The interval is Fieller's (1954) for the vertex, held within the window of the fit: it is
    that window itself where three points leave no residual, or where they are no parabola. An optimum at an end
    of the grid is that end: nothing beyond is known, nor does the other side say how far it is.
    At a tie the lower rate is the best.

    Args:
      rates: the grid, rising, all above 0.
      losses: one for each rate: infinite where the run diverged, which bounds the optimum like any worse
        loss, and NaN where nothing was tried.
    """
    finite = [place for place, loss in enumerate(losses) if isfinite(loss)]
    if not finite:
        return None
    best = min(finite, key=lambda place: losses[place])
    edge = _edge(best, len(rates))
    below, above = max(best - 1, 0), min(best + 1, len(rates) - 1)
    window = [place for place in finite if abs(place - best) <= _STEPS]
    low, high = rates[min(*window, below)], rates[max(*window, above)]
    bracketed = edge is None and not any(np.isnan([losses[below], losses[above]]))
    if edge is not None or len(window) < 3:
        return Optimum(rates[best], rates[below], rates[above], rates[best], edge, bracketed)
    x = np.log([rates[place] / rates[best] for place in window])
    vertex, left, right = _vertex(x, np.array([losses[place] for place in window]))
    rate = rates[best] * exp(min(max(vertex, log(rates[below] / rates[best])), log(rates[above] / rates[best])))
    within = (max(low, rates[best] * exp(left)), min(high, rates[best] * exp(right)))
    return Optimum(rate, min(within[0], rate), max(within[1], rate), rates[best], None, bracketed)


def _edge(place: int, length: int) -> Edge | None:
    """The end of a grid of two or more that a place is."""
    if length < 2:
        return None
    return "lowest" if place == 0 else "highest" if place == length - 1 else None


def _vertex(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float, float]:
    """Returns the vertex of the parabola through points, shape [points], and Fieller's interval for it.

    The vertex is 0, the best point, where there is no parabola that opens upwards. The interval holds every v at
    which the slope ``p + 2 q v`` is not significantly different from 0: the roots of a quadratic in v.
    """
    design = np.stack([x * 0 + 1, x, x * x], axis=1)
    _, slope, curvature = (float(value) for value in np.linalg.lstsq(design, y)[0])
    if curvature <= 0:
        return 0.0, -inf, inf
    vertex, freedom = -slope / (2 * curvature), len(x) - 3
    if freedom == 0:
        return vertex, -inf, inf
    residuals = y - design @ np.linalg.lstsq(design, y)[0]
    covariance = np.linalg.inv(design.T @ design) * float(residuals @ residuals) / freedom
    t2 = _STUDENT[freedom] ** 2
    a = 4 * (curvature**2 - t2 * covariance[2, 2])
    b = 4 * (slope * curvature - t2 * covariance[1, 2])
    c = slope**2 - t2 * covariance[1, 1]
    inside = b * b - 4 * a * c
    if a <= 0 or inside < 0:  # the curvature is not significant: anything may be
        return vertex, -inf, inf
    return vertex, float((-b - sqrt(inside)) / (2 * a)), float((-b + sqrt(inside)) / (2 * a))
