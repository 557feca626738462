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

from nfdsl.analysis.points import FitError, Floats, Points
from nfdsl.analysis.power import require_computes

STEEPEST = 4.0  # exponent that is looked for
_EXPONENTS = np.log(np.geomspace(0.01, STEEPEST, 33))
_SHIFTS = 17
_FINE = np.linspace(-1, 1, 9)
_SHRINK = 0.3  # of the step, so that each round's ends lie beyond the neighbours of the best
_ROUNDS = 14


@dataclass(frozen=True)
class Saturating:
    """``L = a C^-b + c`` with an irreducible loss ``c >= 0`` (Zhai et al. 2022)."""

    names: tuple[str, ...] = ("a", "b", "c")
    columns: tuple[str, ...] = ("compute",)
    repetitions: int = 1_999

    def require(self, points: Points) -> None:
        require_computes(points, 4, "A law with an irreducible loss")
        _require_falling(points)

    def constants(self, points: Points, log_losses: Floats) -> Floats:
        unit = _unit(points)
        losses = np.exp(log_losses)
        x = np.broadcast_to(np.log(points.compute / unit), losses.shape)
        a, b, c, _ = _levelled(x, losses)
        return np.stack([a * unit**b, b, c], axis=1)

    def named(self, constants: Floats) -> Floats:
        return constants

    def log_loss(self, constants: Floats, points: Points) -> Floats:
        a, b, c = (constants[:, place, np.newaxis] for place in range(3))
        return np.log(a * points.compute**-b + c)

    def budgets(self, points: Points) -> Floats:
        return points.compute


@dataclass(frozen=True)
class Double:
    """``L = a (C + d)^-b + c``: levels off at both ends (Zhai et al. 2022, section 3.1), ``c, d >= 0``."""

    names: tuple[str, ...] = ("a", "b", "c", "d")
    columns: tuple[str, ...] = ("compute",)
    repetitions: int = 199

    def require(self, points: Points) -> None:
        require_computes(points, 5, "A law that saturates at both ends")
        _require_falling(points)

    def constants(self, points: Points, log_losses: Floats) -> Floats:
        unit, losses = _unit(points), np.exp(log_losses)
        compute = points.compute / unit

        def squares(shifts: Floats) -> Floats:
            return _levelled(np.log(compute + np.exp(shifts)[..., np.newaxis]), losses[:, np.newaxis])[3]

        low, high = np.log(compute.min() * 1e-4), np.log(compute.max())
        shifts = np.exp(_search(squares, np.linspace(low, high, _SHIFTS), len(losses)))
        a, b, c, _ = _levelled(np.log(compute + shifts[:, np.newaxis]), losses)
        return np.stack([a * unit**b, b, c, shifts * unit], axis=1)

    def named(self, constants: Floats) -> Floats:
        return constants

    def log_loss(self, constants: Floats, points: Points) -> Floats:
        a, b, c, d = (constants[:, place, np.newaxis] for place in range(4))
        return np.log(a * (points.compute + d) ** -b + c)

    def budgets(self, points: Points) -> Floats:
        return points.compute


def _unit(points: Points) -> float:
    """A compute in the middle of the points, in which numbers stay small."""
    return float(np.exp(np.log(points.compute).mean()))


def _levelled(x: Floats, losses: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Returns a, b, c and the squares of the relative errors of ``a exp(-b x) + c``, shape [...].

    `x` and `losses` are [..., points]. Losses weigh by the law's own loss, found in a first round
    with the measured one.
    """
    x, losses = np.broadcast_arrays(x, losses)
    flat_x, flat = x.reshape(-1, x.shape[-1]), losses.reshape(-1, x.shape[-1])
    a, b, c, _ = _weighted(flat_x, flat, 1 / flat)
    law = a[:, np.newaxis] * np.exp(-b[:, np.newaxis] * flat_x) + c[:, np.newaxis]
    a, b, c, left = (values.reshape(x.shape[:-1]) for values in _weighted(flat_x, flat, 1 / law))
    return a, b, c, left


def _weighted(x: Floats, losses: Floats, weights: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Returns a, b, c and the weighted squares left, shape [sets]; the others are [sets, points]."""

    def squares(exponents: Floats) -> Floats:
        return _linear(x[:, np.newaxis], losses[:, np.newaxis], weights[:, np.newaxis], np.exp(exponents))[2]

    b = np.exp(_search(squares, _EXPONENTS, len(losses)))
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


def _search(squares: Callable[[Floats], Floats], grid: Floats, sets: int) -> Floats:
    """Returns for each set the place of least squares, shape [sets], by ever finer grids around the best.

    `squares` takes places of shape [sets, tried] and returns what is left there, in the same shape.
    """
    tried = np.broadcast_to(grid, (sets, len(grid)))
    step = grid[1] - grid[0]
    best = np.zeros(sets)
    for _ in range(_ROUNDS):
        best = np.take_along_axis(tried, squares(tried).argmin(axis=1)[:, np.newaxis], axis=1)
        tried = np.clip(best + step * _FINE, grid[0], grid[-1])
        step *= _SHRINK
    return best[:, 0]


def _require_falling(points: Points) -> None:
    x, y = np.log(points.compute), np.log(points.loss)
    if float((x - x.mean()) @ y) >= 0:
        raise FitError("The losses do not fall with compute, so there is no level they fall to.")
