"""Compute-optimal sizes: which model, trained for how long, is best at a compute."""
# scipy has no types, and numpy's reductions along an axis say little.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import make_interp_spline

from nfdsl.analysis.envelope import envelope
from nfdsl.analysis.points import FitError, Floats, Points, distinct, require_logarithms, unrivalled
from nfdsl.analysis.power import is_or_are

_SAME_COMPUTE = 1.03  # budgets are rounded to whole steps
_COMPUTES = 1500  # Hoffmann et al. 2022, section 3.1
_LEAST = 3


@dataclass(frozen=True)
class Optima:
    """Where models are compute-optimal, and the runs or minima that the loss law goes through."""

    sizes: Points  # their loss does not count
    losses: Points
    notes: tuple[str, ...]


def isoflop_optima(points: Points) -> Optima:
    """Returns the minima of parabolas of loss in log size at each compute (Hoffmann et al. 2022, approach 2).

    A compute whose minimum is not between its smallest and largest size is left out, and noted.

    Raises:
      FitError: fewer than three computes have three sizes each, or a minimum.
    """
    require_logarithms(points)
    if not points.sized:
        raise FitError("IsoFLOP parabolas need the size and the examples of every run.")
    groups = [group for group in _same_compute(points) if distinct(group.size) >= _LEAST]
    if len(groups) < _LEAST:
        raise FitError(
            f"IsoFLOP parabolas need at least 3 amounts of compute with 3 sizes each, equal within 3%; "
            f"there {is_or_are(len(groups))}."
        )
    minima = [(group, minimum) for group in groups if (minimum := _minimum(group)) is not None]
    if len(minima) < _LEAST:
        raise FitError(
            f"IsoFLOP parabolas need at least 3 amounts of compute with a minimum between their sizes; "
            f"of {len(groups)} there {is_or_are(len(minima))}."
        )
    missed = len(groups) - len(minima)
    note = f"{missed} of {len(groups)} parabolas have no minimum between their sizes and are left out."
    found = unrivalled(*np.array([minimum for _, minimum in minima]).T)
    return Optima(found, found, (note,) if missed else ())


def envelope_optima(points: Points) -> Optima:
    """Returns where the curves of successive sizes cross, and the runs that no other one beats.

    Each size's loss is interpolated in compute (a spline in logarithms); where the best of the curves changes from
    one size to a larger one, the compute-optimal size is between them, at their geometric mean (cf. Hoffmann et al.
    2022, approach 1, which takes the size of the best curve on either side).
    """
    require_logarithms(points)
    frontier = points.at(envelope(points.compute, points.loss))
    if len(frontier) < _LEAST:
        raise FitError(
            f"A law of the envelope needs at least 3 runs that no other one of as much compute or less beats; "
            f"there {is_or_are(len(frontier))}."
        )
    if not points.sized:
        return Optima(points.at(np.arange(0)), frontier, ("Without sizes there is no compute-optimal size.",))
    crossings = _crossings(points)
    found = len(crossings)
    note = f"A compute-optimal size needs at least 3 crossings of successive sizes' curves; there {is_or_are(found)}."
    if found < _LEAST:
        return Optima(points.at(np.arange(0)), frontier, (note,))
    compute, size, examples = np.array(crossings).T
    return Optima(unrivalled(compute, np.ones(found), size, examples), frontier, ())


def _same_compute(points: Points) -> list[Points]:
    """Groups of points of one compute, cheapest first."""
    order = np.argsort(points.compute, kind="stable")
    compute = points.compute[order]
    starts = np.flatnonzero(compute[1:] > compute[:-1] * _SAME_COMPUTE) + 1
    return [points.at(group) for group in np.split(order, starts)]


def _minimum(group: Points) -> tuple[float, float, float, float] | None:
    """Returns compute, loss, size and examples where the parabola through a group is lowest; None if it is outside."""
    log_size = np.log(group.size)
    middle = log_size.mean()
    square, slope, level = np.polyfit(log_size - middle, group.loss, 2)
    if square <= 0:
        return None
    vertex = -slope / (2 * square)
    if not log_size.min() <= vertex + middle <= log_size.max():
        return None
    examples = np.polyval(np.polyfit(log_size - middle, np.log(group.examples), 1), vertex)
    loss = level - slope**2 / (4 * square)
    if loss <= 0:
        return None
    compute = np.exp(np.log(group.compute).mean())
    return float(compute), float(loss), float(np.exp(vertex + middle)), float(np.exp(examples))


def _crossings(points: Points) -> list[tuple[float, float, float]]:
    """Returns compute, size and examples where the best curve changes from one size to a larger one."""
    sizes = np.unique(points.size)
    curves = [_sorted(points.at(points.size == size)) for size in sizes]
    computes = np.geomspace(points.compute.min(), points.compute.max(), _COMPUTES)
    losses = np.stack([_along(curve, curve.loss, computes) for curve in curves])
    examples = np.stack([_along(curve, curve.examples, computes) for curve in curves])
    best = np.argmin(np.where(np.isfinite(losses), losses, np.inf), axis=0)
    found: list[tuple[float, float, float]] = []
    for place in np.flatnonzero(best[1:] > best[:-1]):
        pair = [int(best[place]), int(best[place + 1])]
        if np.all(np.isfinite(losses[pair, place : place + 2])):
            size, seen = np.exp(np.log(sizes[pair]).mean()), np.exp(examples[pair, place].mean())
            found.append((float(np.sqrt(computes[place] * computes[place + 1])), float(size), float(seen)))
    return found


def _sorted(curve: Points) -> Points:
    """The points of one size in increasing compute, of equal compute the best."""
    order = np.lexsort((curve.loss, curve.compute))
    return curve.at(order[np.unique(curve.compute[order], return_index=True)[1]])


def _along(curve: Points, values: Floats, computes: Floats) -> Floats:
    """Returns log values interpolated at `computes`, shape [computes]; NaN outside the curve."""
    if len(curve) < 2:
        return np.full(len(computes), np.nan)
    degree = min(3, len(curve) - 1)
    spline = make_interp_spline(np.log(curve.compute), np.log(values), k=degree)
    within = (computes >= curve.compute[0]) & (computes <= curve.compute[-1])
    return np.where(within, spline(np.log(computes)), np.nan)
