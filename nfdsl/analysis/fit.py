"""Power laws of loss in compute, with an interval for the exponent."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nfdsl.analysis.numerals import significant, superscript

Floats = NDArray[np.float64]

CONFIDENCE = 0.95
_REPETITIONS = 20_000
_SEED = 0


class FitError(ValueError):
    """The points do not determine the law; the message is a sentence that says what is missing."""


@dataclass(frozen=True)
class Interval:
    low: float
    high: float

    def __str__(self) -> str:
        return f"{significant(self.low, 2)} to {significant(self.high, 2)}"


@dataclass(frozen=True)
class PowerLaw:
    """``L = a C^-b``."""

    a: float
    b: float

    def loss(self, compute: Floats) -> Floats:
        """Returns the losses ``a C^-b``, in the shape of `compute`."""
        return np.exp(np.log(self.a) - self.b * np.log(compute))

    def __str__(self) -> str:
        law = f"L = {significant(self.a, 2)} C{superscript(f'{-self.b:.2g}')}"
        return law.replace(" ", "\N{NO-BREAK SPACE}")


@dataclass(frozen=True)
class Fit:
    """A law, the 95% interval of its exponent, and how many points it was fitted through."""

    law: PowerLaw
    exponent: Interval
    points: int


def fit_power_law(compute: Floats, loss: Floats) -> Fit:
    """Returns the law that is nearest the points, by least squares of log loss on log compute.

    The interval is a parametric bootstrap of the studentised exponent: log losses are drawn around
    the fitted line with the spread of the residuals and fitted again, and the spread of
    ``(b* - b) / se(b*)`` gives the interval. Unlike resampled points or residuals, which cover
    the truth in 63 to 83% of cases with 3 to 5 points, it keeps its 95% down to 3 points.
    It is the same for the same points.

    Args:
      compute, loss: shape [points].

    Raises:
      FitError: fewer than three different computes, or a number that has no logarithm.
    """
    _require_fittable(compute, loss)
    x, y = np.log(compute), np.log(loss)
    line = _Line.through(x, y[np.newaxis])
    slope, error = float(line.slopes[0]), float(line.errors[0])
    reach = _studentised_reach(x) * error
    law = PowerLaw(a=float(np.exp(y.mean() - slope * x.mean())), b=-slope)
    return Fit(law, Interval(law.b - reach, law.b + reach), len(x))


@dataclass(frozen=True)
class _Line:
    """Least-squares lines through several sets of heights at the same places."""

    slopes: Floats  # [sets]
    errors: Floats  # [sets], the standard error of each slope

    @staticmethod
    def through(x: Floats, heights: Floats) -> "_Line":
        """Returns the lines through `heights` [sets, points] at `x` [points]."""
        around = x - x.mean()
        spread = around @ around
        centred = heights - heights.mean(axis=1, keepdims=True)
        slopes = centred @ around / spread
        residuals = centred - slopes[:, np.newaxis] * around
        variance = (residuals**2).sum(axis=1) / (len(x) - 2)
        return _Line(slopes, np.sqrt(variance / spread))


def _studentised_reach(x: Floats) -> float:
    """Returns how many standard errors the interval reaches to either side, for points at `x` [points].

    Drawn around a line of slope 0 with unit spread: the studentised slope depends on neither.
    """
    noise = np.random.default_rng(_SEED).standard_normal((_REPETITIONS, len(x)))
    line = _Line.through(x, noise)
    return float(np.quantile(np.abs(line.slopes) / line.errors, CONFIDENCE))


def _require_fittable(compute: Floats, loss: Floats) -> None:
    for name, values in (("compute", compute), ("loss", loss)):
        if not np.all(np.isfinite(values) & (values > 0)):
            raise FitError(f"A power law needs every {name} to be a number above 0.")
    distinct = len(np.unique(compute))
    if distinct < 3:
        raise FitError(f"A power law needs at least 3 different amounts of compute; there {_is_or_are(distinct)}.")


def _is_or_are(count: int) -> str:
    return "is 1" if count == 1 else f"are {count}"
