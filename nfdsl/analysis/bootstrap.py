"""Intervals from losses drawn anew around a fitted law.

Log losses are drawn around the law with a spread that is itself drawn: the residuals' sum of squares over a
chi-squared variable. A line fitted to such draws scatters as Student's t says, so its percentile interval covers
the truth in 95% of cases down to one degree of freedom; curved laws inherit that as far as they are nearly
straight where the points leave them free. Resampled points or residuals cover 63 to 83% with 3 to 5 points.
"""

from dataclasses import dataclass
from math import ceil, inf, log10

import numpy as np

from nfdsl.analysis.numerals import significant
from nfdsl.analysis.points import Floats, Points

CONFIDENCE = 0.95
_SEED = 0
_DIGITS = 4  # an interval is written with at most
_SETTLING = 4  # rounds in which the spread of single runs is found


@dataclass(frozen=True)
class Interval:
    """What holds a constant; an end that the points leave without bound is infinite."""

    low: float
    high: float

    def __str__(self) -> str:
        """Both ends with as many digits as tell them apart by two."""
        width, largest = self.high - self.low, max(abs(self.low), abs(self.high))
        digits = min(max(2, 1 + ceil(log10(largest / width))), _DIGITS) if 0 < width < inf else _DIGITS
        return f"{significant(self.low, digits)} to {significant(self.high, digits)}"


@dataclass(frozen=True)
class Noise:
    """How log losses scatter around a law."""

    spread: float  # of one point
    freedom: int  # points less constants, or runs less points


def noise(residuals: Floats, constants: int) -> Noise:
    """Returns the scatter that residuals, shape [points], of a law with so many constants show."""
    freedom = max(len(residuals) - constants, 1)
    return Noise(float(np.sqrt(residuals @ residuals / freedom)), freedom)


def between_seeds(points: Points) -> Noise:
    """Returns the scatter of single runs' log losses around their means over seeds, of all points together.

    Without repeated points its freedom is 0.
    """
    known = np.isfinite(points.deviation)
    freedom = points.seeds[known] - 1
    squares = float(freedom @ (points.deviation[known] / points.loss[known]) ** 2)
    return Noise(float(np.sqrt(squares / max(freedom.sum(), 1))), round(float(freedom.sum())))


def redrawn(smooth: Floats, rivals: Floats, scatter: Noise, repetitions: int) -> tuple[Floats, Floats]:
    """Returns log losses drawn around `smooth`, shape [repetitions, points], and each draw's spread, [repetitions].

    Every learning rate of a point is drawn, and the best chosen again: where two are nearly as good, the choice
    between them is part of the uncertainty. Single runs scatter so that the chosen ones scatter as the
    residuals do. The same for the same input.

    Args:
      smooth: log losses of the law, shape [points].
      rivals: see `Points.rivals`.
      scatter: of the points around the law.
    """
    generator = np.random.default_rng(_SEED)
    wider = np.sqrt(scatter.freedom / generator.chisquare(scatter.freedom, repetitions))
    unit = generator.standard_normal((repetitions, len(smooth), 1 + rivals.shape[1]))
    behind = np.concatenate([np.zeros((len(smooth), 1)), rivals], axis=1)
    chosen = _chosen(unit, behind, scatter.spread)
    return smooth + wider[:, np.newaxis] * chosen, wider * scatter.spread


def percentiles(draws: Floats) -> Interval:
    """Returns the interval that holds the middle 95% of draws, shape [repetitions], 39 or more.

    Its ends are draws themselves, so that some of the others may be infinite.
    """
    outside = int((1 - CONFIDENCE) / 2 * (len(draws) + 1))
    ordered = np.sort(draws)
    return Interval(float(ordered[outside - 1]), float(ordered[-outside]))


def _chosen(unit: Floats, behind: Floats, spread: float) -> Floats:
    """Returns the scatter of the best of each point, shape [repetitions, points], around 0 and with that spread."""
    if behind.shape[1] == 1 or spread == 0:
        return spread * unit[:, :, 0]
    single = spread
    best = unit[:, :, 0]
    for _ in range(_SETTLING):
        best = (behind + single * unit).min(axis=2)
        best = best - best.mean(axis=0)
        single *= spread / float(np.sqrt((best**2).mean()))
    return best
