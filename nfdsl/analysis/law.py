"""A law fitted to points: its constants, how surely they are known, and what it predicts."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.linalg import LinAlgError

from nfdsl.analysis.bootstrap import Interval, Noise, between_seeds, noise, percentiles, redrawn
from nfdsl.analysis.forms import Form, exponential
from nfdsl.analysis.points import FitError, Floats, Points, unrivalled

_SEED = 1
_CALIBRATING = 199  # draws


@dataclass(frozen=True)
class Prediction:
    """The loss that a run would reach, with the 95% interval for a single run."""

    loss: float
    interval: Interval
    outside: tuple[str, ...]  # what lies beyond the points the law was fitted to; empty: no extrapolation


@dataclass(frozen=True)
class LeftOut:
    """How a law fitted without one budget predicts the runs of that budget."""

    budget: float
    points: int
    error: float  # root mean square, relative


@dataclass(frozen=True)
class Law:
    """A form with constants. Draws are fits to losses drawn anew: see `bootstrap`."""

    form: Form
    points: Points
    values: Floats  # [constants]
    draws: Floats  # [repetitions, constants]
    spreads: Floats  # [repetitions], of log loss around the law

    @property
    def constants(self) -> Mapping[str, float]:
        return dict(zip(self.form.names, self.form.named(self.values[np.newaxis])[0].tolist(), strict=True))

    @cached_property
    def intervals(self) -> Mapping[str, Interval]:
        """The 95% interval of each constant; it holds the constant, which may be at the end of its range."""
        draws = self.form.named(self.draws)
        reach = {name: percentiles(draws[:, place]) for place, name in enumerate(self.form.names)}
        told = self.constants
        return {
            name: Interval(min(interval.low, told[name]), max(interval.high, told[name]))
            for name, interval in reach.items()
        }

    def losses(self, points: Points) -> Floats:
        """Returns the law's losses, shape [points]."""
        return exponential(self.form.log_loss(self.values[np.newaxis], points)[0])

    def band(self, points: Points) -> tuple[Floats, Floats]:
        """Returns the 95% interval of the law itself at each of the points, both of shape [points]."""
        low, high = np.quantile(self.form.log_loss(self.draws, points), [0.025, 0.975], axis=0, method="weibull")
        return exponential(low), exponential(high)

    def predict(self, compute: float, size: float = np.nan, examples: float = np.nan) -> Prediction:
        """Returns what one run reaches, by the law and the scatter of runs around it."""
        place = unrivalled([compute], [1.0], [size], [examples])
        logs = self.form.log_loss(self.draws, place)[:, 0]
        scattered = logs + self._single() * np.random.default_rng(_SEED).standard_normal(len(logs))
        reach = percentiles(scattered)
        interval = Interval(*exponential(np.array([reach.low, reach.high])).tolist())
        return Prediction(float(self.losses(place)[0]), interval, self._outside(place))

    def _single(self) -> Floats:
        """Returns each draw's spread of single runs: wider than of means over seeds by what averaging took away."""
        seeds = between_seeds(self.points)
        return np.sqrt(self.spreads**2 + seeds.spread**2 * (1 - 1 / self.points.seeds).mean())

    def _outside(self, place: Points) -> tuple[str, ...]:
        """Only columns that the form takes count: a law of compute does not ask for size."""
        columns = self.form.columns
        told = {"compute": (self.points.compute, place.compute), "size": (self.points.size, place.size)}
        told["examples"] = (self.points.examples, place.examples)
        return tuple(
            name
            for name, (fitted, asked) in told.items()
            if name in columns and not fitted.min() * (1 - 1e-9) <= asked[0] <= fitted.max() * (1 + 1e-9)
        )


def fit_law(points: Points, form: Form) -> Law:
    """Returns the law of a form through points, with its draws. Raises `FitError`."""
    form.require(points)
    logs = np.log(points.loss)
    values = _constants(points, form, logs[np.newaxis])
    smooth = form.log_loss(values, points)[0]
    scatter = _scatter(points, form, logs, smooth)
    drawn, spreads = redrawn(smooth, points.rivals, scatter, form.repetitions)
    # The fit itself leads, so that searches begin beside it.
    draws = _constants(points, form, np.concatenate([smooth[np.newaxis], drawn]))[1:]
    return Law(form, points, values[0], draws, spreads)


def _constants(points: Points, form: Form, log_losses: Floats) -> Floats:
    """Returns `Form.constants`. Raises `FitError` where numbers on the way are no numbers any more."""
    try:
        with np.errstate(divide="raise", over="raise", invalid="raise"):
            return form.constants(points, log_losses)
    except (FloatingPointError, LinAlgError) as error:
        raise FitError(f"The points are too far from a law of this form to find its constants ({error}).") from None


def _scatter(points: Points, form: Form, logs: Floats, smooth: Floats) -> Noise:
    """Returns how log losses scatter around their law.

    A fit that is not of least squares leaves larger residuals than the scatter it is from: by how much, fits to losses
    with a known scatter tell.
    """
    found = noise(logs - smooth, len(form.names))
    if form.least_squares or found.spread == 0:
        return found
    drawn, spreads = redrawn(smooth, points.rivals, found, _CALIBRATING)
    again = _constants(points, form, np.concatenate([smooth[np.newaxis], drawn]))[1:]
    squares = ((drawn - form.log_loss(again, points)) ** 2).sum(axis=1) / spreads**2
    return Noise(found.spread * float(np.sqrt(found.freedom / squares.mean())), found.freedom)


def left_out(points: Points, form: Form) -> tuple[LeftOut, ...]:
    """Returns the error at each budget of the law fitted without it; empty where too little would be left."""
    budgets = np.round(np.log(form.budgets(points)), 6)
    found: list[LeftOut] = []
    for budget in np.unique(budgets):
        rest, gone = points.at(budgets != budget), points.at(budgets == budget)
        try:
            form.require(rest)
            constants = _constants(rest, form, np.log(rest.loss)[np.newaxis])
        except FitError:
            return ()
        errors = exponential(form.log_loss(constants, gone)[0] - np.log(gone.loss)) - 1
        found.append(LeftOut(float(form.budgets(gone)[0]), len(gone), float(np.sqrt((errors**2).mean()))))
    return tuple(found)
