"""Laws of loss in compute that level off: with an irreducible loss, and at small compute too.

For a given exponent (and shift) the other constants are a linear least squares, so the fit is a search over one
(or two) numbers that cannot end in the wrong valley: variable projection (Golub and Pereyra 1973). Errors
are relative to the law's loss, which for small ones is least squares of log loss.
"""
# scipy has no types, and numpy's reductions along an axis say little.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nfdsl.analysis.forms import exponential
from nfdsl.analysis.points import FitError, Floats, Points
from nfdsl.analysis.power import require_computes

STEEPEST = 4.0  # exponent that is looked for
LEAST_SHIFT = 1e-4  # of the least compute: that is none
_EXPONENTS = np.log(np.geomspace(0.01, STEEPEST, 33))
_SHIFTS = 17
_GOLDEN = (5**0.5 - 1) / 2
_ROUNDS = 32  # of golden sections: to 2e-7 of a grid's step
_ROUGH_ROUNDS = 16  # where squares alone count, whose errors are those of the place squared
_REACH = 50.0  # of log losses around their mean: with one degree of freedom some draws are thousands apart


@dataclass(frozen=True)
class Saturating:
    """``L = a C^-b + c`` with an irreducible loss ``c >= 0`` (Zhai et al. 2022)."""

    names: tuple[str, ...] = ("a", "b", "c")
    columns: tuple[str, ...] = ("compute",)
    least_squares: bool = True
    repetitions: int = 1_999

    def require(self, points: Points) -> None:
        require_computes(points, 4, "A law with an irreducible loss")
        _require_falling(points)

    def constants(self, points: Points, log_losses: Floats) -> Floats:
        unit = _unit(points)
        losses, level = _around_mean(log_losses)
        x = np.broadcast_to(np.log(points.compute / unit), losses.shape)
        a, b, c, _ = _levelled(x, losses)
        return np.stack([_log(a) + b * np.log(unit) + level, b, _log(c) + level], axis=1)

    def named(self, constants: Floats) -> Floats:
        log_a, b, log_c = constants.T
        return np.stack([exponential(log_a), b, exponential(log_c)], axis=1)

    def log_loss(self, constants: Floats, points: Points) -> Floats:
        log_a, b, log_c = (constants[:, place, np.newaxis] for place in range(3))
        return np.logaddexp(log_a - b * np.log(points.compute), log_c)

    def budgets(self, points: Points) -> Floats:
        return points.compute


@dataclass(frozen=True)
class Double:
    """``L = a (C + d)^-b + c``: levels off at both ends (Zhai et al. 2022, section 3.1), ``c, d >= 0``."""

    names: tuple[str, ...] = ("a", "b", "c", "d")
    columns: tuple[str, ...] = ("compute",)
    least_squares: bool = True
    repetitions: int = 199

    def require(self, points: Points) -> None:
        require_computes(points, 5, "A law that saturates at both ends")
        _require_falling(points)

    def constants(self, points: Points, log_losses: Floats) -> Floats:
        unit, (losses, level) = _unit(points), _around_mean(log_losses)
        compute = points.compute / unit

        def squares(shifts: Floats) -> Floats:
            x = np.log(compute + np.exp(shifts)[..., np.newaxis])
            return _levelled(x, losses[:, np.newaxis], _ROUGH_ROUNDS)[3]

        low, high = np.log(compute.min() * LEAST_SHIFT), np.log(compute.max())
        shifts = np.exp(_search(squares, np.linspace(low, high, _SHIFTS), len(losses)))
        a, b, c, _ = _levelled(np.log(compute + shifts[:, np.newaxis]), losses)
        return np.stack([_log(a) + b * np.log(unit) + level, b, _log(c) + level, shifts * unit], axis=1)

    def named(self, constants: Floats) -> Floats:
        log_a, b, log_c, d = constants.T
        return np.stack([exponential(log_a), b, exponential(log_c), d], axis=1)

    def log_loss(self, constants: Floats, points: Points) -> Floats:
        log_a, b, log_c, d = (constants[:, place, np.newaxis] for place in range(4))
        return np.logaddexp(log_a - b * np.log(points.compute + d), log_c)

    def budgets(self, points: Points) -> Floats:
        return points.compute


def _unit(points: Points) -> float:
    """A compute in the middle of the points, in which numbers stay small."""
    return float(np.exp(np.log(points.compute).mean()))


def _around_mean(log_losses: Floats) -> tuple[Floats, Floats]:
    """Returns losses over each set's geometric mean, shape [sets, points], and its logarithm, [sets]."""
    level = log_losses.mean(axis=1)
    return np.exp(np.clip(log_losses - level[:, np.newaxis], -_REACH, _REACH)), level


def _log(coefficients: Floats) -> Floats:
    """Returns logarithms of what is 0 or above; that of 0 is minus infinity."""
    with np.errstate(divide="ignore"):
        return np.log(coefficients)


def _levelled(x: Floats, losses: Floats, rounds: int = _ROUNDS) -> tuple[Floats, Floats, Floats, Floats]:
    """Returns a, b, c and the squares of the relative errors of ``a exp(-b x) + c``, shape [...].

    `x` and `losses` are [..., points]. Losses weigh by the law's own loss, found in a first round
    with the measured one.
    """
    x, losses = np.broadcast_arrays(x, losses)
    flat_x, flat = x.reshape(-1, x.shape[-1]), losses.reshape(-1, x.shape[-1])
    a, b, c, _ = _weighted(flat_x, flat, 1 / flat, _ROUGH_ROUNDS)
    law = a[:, np.newaxis] * np.exp(-b[:, np.newaxis] * flat_x) + c[:, np.newaxis]
    a, b, c, left = (values.reshape(x.shape[:-1]) for values in _weighted(flat_x, flat, 1 / law, rounds))
    return a, b, c, left


def _weighted(x: Floats, losses: Floats, weights: Floats, rounds: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Returns a, b, c and the weighted squares left, shape [sets]; the others are [sets, points]."""

    def squares(exponents: Floats) -> Floats:
        return _linear(x[:, np.newaxis], losses[:, np.newaxis], weights[:, np.newaxis], np.exp(exponents))[2]

    b = np.exp(_search(squares, _EXPONENTS, len(losses), rounds))
    a, c, left = _linear(x, losses, weights, b)
    return a, b, c, left


def _linear(x: Floats, losses: Floats, weights: Floats, b: Floats) -> tuple[Floats, Floats, Floats]:
    """Returns a, c at or above 0, and the weighted squares left, for exponents ``b``; the others are [..., points]."""
    g, w2 = np.exp(-b[..., np.newaxis] * x), weights**2
    gg, g1, one = (w2 * g * g).sum(-1), (w2 * g).sum(-1), w2.sum(-1)
    gl, l1 = (w2 * g * losses).sum(-1), (w2 * losses).sum(-1)
    # Where powers hardly differ from a constant, the two cannot be told apart: no division by rounding.
    determinant = np.maximum(gg * one - g1 * g1, 1e-14 * gg * one + 1e-300)
    c = (gg * l1 - g1 * gl) / determinant
    a = np.where(c > 0, (one * gl - g1 * l1) / determinant, gl / gg)
    c = np.maximum(c, 0.0)
    c, a = np.where(a > 0, c, l1 / one), np.maximum(a, 0.0)
    left = (w2 * (losses - a[..., np.newaxis] * g - c[..., np.newaxis]) ** 2).sum(-1)
    return a, c, left


def _search(squares: Callable[[Floats], Floats], grid: Floats, sets: int, rounds: int = _ROUNDS) -> Floats:
    """Returns for each set the place of least squares, shape [sets], by golden sections around the best of a grid.

    `squares` takes places of shape [sets, tried] and returns what is left there, in the same shape.
    """
    best = grid[squares(np.broadcast_to(grid, (sets, len(grid)))).argmin(axis=1)]
    step = grid[1] - grid[0]
    low, high = np.maximum(best - step, grid[0]), np.minimum(best + step, grid[-1])
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = squares(np.stack([left, right], axis=1)).T
    for _ in range(rounds):
        lower = at_left <= at_right  # then the least is below `right`, else above `left`
        low, high = np.where(lower, low, left), np.where(lower, right, high)
        tried = np.where(lower, high - _GOLDEN * (high - low), low + _GOLDEN * (high - low))
        found = squares(tried[:, np.newaxis])[:, 0]
        left, right = np.where(lower, tried, right), np.where(lower, left, tried)
        at_left, at_right = np.where(lower, found, at_right), np.where(lower, at_left, found)
    return np.where(at_left <= at_right, left, right)


def _require_falling(points: Points) -> None:
    x, y = np.log(points.compute), np.log(points.loss)
    if float((x - x.mean()) @ y) >= 0:
        raise FitError("The losses do not fall with compute, so there is no level they fall to.")
