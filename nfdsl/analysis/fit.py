"""The fit of each form of law: constants with intervals, the compute-optimal size, the error of what is left out."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import exp, inf, log, sqrt
from typing import assert_never

import numpy as np

from nfdsl.analysis.bootstrap import Interval, percentiles
from nfdsl.analysis.forms import FORMS, FormName
from nfdsl.analysis.law import Law, LeftOut, fit_law, left_out
from nfdsl.analysis.numerals import listed
from nfdsl.analysis.optima import Optima, envelope_optima, isoflop_optima
from nfdsl.analysis.parametric import Parametric
from nfdsl.analysis.points import FitError, Floats, Points, unrivalled
from nfdsl.analysis.power import Power
from nfdsl.analysis.saturating import LEAST_SHIFT, STEEPEST, Double, Saturating

_NOTHING = 1e-6  # of the smallest loss
_STEEPEST = 0.999 * STEEPEST
_LARGEST = 600.0  # logarithm of a number that can still be multiplied with a compute


@dataclass(frozen=True)
class Trend:
    """How something compute-optimal grows: ``coefficient x C^exponent``."""

    exponent: float
    coefficient: float
    interval: Interval  # of the exponent


@dataclass(frozen=True)
class Fit:
    """A law of one form."""

    form: FormName
    law: Law  # of loss; along what is compute-optimal for IsoFLOPs and envelopes
    points: int  # that the fit began with
    size: Trend | None  # compute-optimal, in compute
    examples: Trend | None
    notes: tuple[str, ...]

    @cached_property
    def left_out(self) -> tuple[LeftOut, ...]:
        """The errors of the law fitted without one budget, for each; empty where too few points are left."""
        return left_out(self.law.points, self.law.form)

    @property
    def constants(self) -> Mapping[str, float]:
        """The constants by name."""
        if self.form not in ("isoflop", "envelope"):
            return self.law.constants
        trends = self._trends()
        named = {f"{name}_exponent": trend.exponent for name, trend in trends.items()}
        named |= {f"{name}_coefficient": trend.coefficient for name, trend in trends.items()}
        return named | {"loss_exponent": -self.law.constants["b"], "loss_coefficient": self.law.constants["a"]}

    @property
    def intervals(self) -> Mapping[str, Interval]:
        """The 95% intervals of constants by name."""
        if self.form not in ("isoflop", "envelope"):
            return self.law.intervals
        exponent = self.law.intervals["b"]
        named = {f"{name}_exponent": trend.interval for name, trend in self._trends().items()}
        return named | {
            "loss_exponent": Interval(-exponent.high, -exponent.low),
            "loss_coefficient": self.law.intervals["a"],
        }

    @property
    def leave_one_out(self) -> float | None:
        """Root mean square of the relative errors at budgets left out; None where too few points are left."""
        count = sum(budget.points for budget in self.left_out)
        return sqrt(sum(budget.points * budget.error**2 for budget in self.left_out) / count) if count else None

    def _trends(self) -> Mapping[str, Trend]:
        named = {"size": self.size, "examples": self.examples}
        return {name: trend for name, trend in named.items() if trend is not None}


def fit(points: Points, form: FormName) -> Fit:
    """Returns the law of a form through points.

    Raises:
      FitError: they do not determine it; the message says what is missing and which forms can be fitted.
    """
    try:
        return _fit(points, form)
    except FitError as error:
        others = fittable(points, besides=form)
        raise FitError(f"{error} What can be fitted: {listed(others)}." if others else str(error)) from None


def fittable(points: Points, *, besides: FormName | None = None) -> tuple[FormName, ...]:
    """Returns the forms whose constants the points determine."""
    return tuple(form for form in FORMS if form != besides and _determined(points, form))


def _fit(points: Points, form: FormName) -> Fit:
    match form:
        case "power":
            return _plain(points, form, fit_law(points, Power()))
        case "saturating":
            return _plain(points, form, fit_law(points, Saturating()))
        case "double":
            return _plain(points, form, fit_law(points, Double()))
        case "parametric":
            law = fit_law(points, Parametric())
            return Fit(form, law, len(points), _frontier(law, "size"), _frontier(law, "examples"), _undetermined(law))
        case "isoflop":
            return _optimal(points, form, isoflop_optima(points))
        case "envelope":
            return _optimal(points, form, envelope_optima(points))
        case _:
            assert_never(form)


def _determined(points: Points, form: FormName) -> bool:
    try:
        match form:
            case "power":
                Power().require(points)
            case "saturating":
                Saturating().require(points)
            case "double":
                Double().require(points)
            case "parametric":
                Parametric().require(points)
            case "isoflop":
                Power().require(isoflop_optima(points).losses)
            case "envelope":
                Power().require(envelope_optima(points).losses)
            case _:
                assert_never(form)
    except FitError:
        return False
    return True


def _plain(points: Points, form: FormName, law: Law) -> Fit:
    level, steep = law.constants.get("c", inf), "c" in law.constants and law.constants["b"] > _STEEPEST
    straight = law.constants.get("d", inf) < 2 * LEAST_SHIFT * points.compute.min()
    notes = (
        "The points show no sign of an irreducible loss." if level < _NOTHING * points.loss.min() else "",
        "The points show no sign of levelling off at small compute." if straight else "",
        "The exponent is at the end of the range searched: the points do not determine this form." if steep else "",
    )
    return Fit(form, law, len(points), None, None, tuple(filter(None, notes)))


def _undetermined(law: Law) -> tuple[str, ...]:
    """Returns a sentence on the exponents that may be 0, or of any size, for all the points say."""
    exponents = {name: law.intervals[name] for name in ("alpha", "beta")}
    loose = [name for name, reach in exponents.items() if reach.low <= 0 or reach.high > STEEPEST]
    return (f"The points do not determine this form: they leave {listed(loose)} open.",) if loose else ()


def _optimal(points: Points, form: FormName, found: Optima) -> Fit:
    law = fit_law(found.losses, Power())
    sizes = found.sizes
    trends = (_trend(sizes.compute, sizes.size), _trend(sizes.compute, sizes.examples)) if len(sizes) else (None, None)
    return Fit(form, law, len(points), *trends, found.notes)


def _trend(compute: Floats, values: Floats) -> Trend:
    law = fit_law(unrivalled(compute, values), Power())
    falling = law.intervals["b"]
    return Trend(-law.constants["b"], law.constants["a"], Interval(-falling.high, -falling.low))


def _frontier(law: Law, name: str) -> Trend:
    """Returns the compute-optimal size or examples of the parametric law (Hoffmann et al. 2022, eq. 4).

    With compute ``k N D`` (k is 6 where size counts multiply-adds), ``N = G (C / k)^(beta / (alpha + beta))``, and
    ``D`` the rest, where ``G = (alpha A / (beta B))^(1 / (alpha + beta))``.

    Raises:
      FitError: an exponent is not above 0, so that more of one is never worth its compute, or both hardly are.
    """
    _, log_A, log_B, alpha, beta = law.values.tolist()
    if min(alpha, beta) <= 0:
        raise FitError("The losses do not fall with size and with examples, so no size is compute-optimal.")
    draws = law.draws[:, 4 if name == "size" else 3] / law.draws[:, 3:].sum(axis=1)
    log_k = float(np.log(law.points.compute / (law.points.size * law.points.examples)).mean())
    log_G = (log(alpha / beta) + log_A - log_B) / (alpha + beta)
    exponent = (beta if name == "size" else alpha) / (alpha + beta)
    log_coefficient = (log_G if name == "size" else -log_G) - exponent * log_k
    if abs(log_coefficient) > _LARGEST:
        raise FitError("The losses hardly fall with size and with examples, so any size may be compute-optimal.")
    return Trend(exponent, exp(log_coefficient), percentiles(draws))
