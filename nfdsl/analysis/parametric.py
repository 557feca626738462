"""The parametric law of Hoffmann et al. 2022 (their approach 3): loss in model size and examples seen."""
# scipy has no types, and numpy's reductions along an axis say little.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.optimize import minimize

from nfdsl.analysis.forms import exponential
from nfdsl.analysis.points import FitError, Floats, Points, distinct, require_logarithms
from nfdsl.analysis.power import is_or_are

DELTA = 1e-3  # Hoffmann et al. 2022, appendix D.3
_LEAST = 6

# Their grid of starts, for (alpha, beta, e, a, b); L-BFGS descends from the most promising of them.
_STARTS = tuple(
    product(np.arange(0, 2.5, 0.5), np.arange(0, 2.5, 0.5), np.arange(-1, 1.5, 0.5), range(0, 30, 5), range(0, 30, 5))
)
_DESCENTS = 12
_WAY, _END = 60, 1000  # iterations of all descents, and of the best

# Sets of losses drawn around a fit are fitted from there, all at once, by reweighted Gauss-Newton steps.
_STEPS = 40
_LONGEST = 1.0  # step in any of the five numbers
_RIDGE = 1e-9  # of the normal equations' trace, where the losses do not tell two terms apart


@dataclass(frozen=True)
class Parametric:
    """``L(N, D) = E + A N^-alpha + B D^-beta``, by Huber loss of log loss with L-BFGS (Hoffmann et al. 2022)."""

    names: tuple[str, ...] = ("E", "A", "B", "alpha", "beta")
    columns: tuple[str, ...] = ("size", "examples")
    least_squares: bool = False  # Huber's loss, which at this scale is nearly that of absolute errors
    repetitions: int = 499

    def require(self, points: Points) -> None:
        require_logarithms(points)
        if not points.sized:
            raise FitError("A law of size and examples needs the size and the examples of every run.")
        sizes, examples = distinct(points.size), distinct(points.examples)
        if min(sizes, examples) < 3 or len(points) < _LEAST:
            raise FitError(
                f"A law of size and examples needs at least {_LEAST} runs of 3 different sizes and 3 different numbers "
                f"of examples; there {is_or_are(len(points))} of {sizes} and {examples}."
            )

    def constants(self, points: Points, log_losses: Floats) -> Floats:
        frame = _Frame.of(points)
        first = _lowest(frame, log_losses[0], frame.starts(log_losses[0]))
        rest = _beside(frame, log_losses[1:], first)
        return frame.constants(np.concatenate([first[np.newaxis], rest]))

    def named(self, constants: Floats) -> Floats:
        return np.concatenate([exponential(constants[:, :3]), constants[:, 3:]], axis=1)

    def log_loss(self, constants: Floats, points: Points) -> Floats:
        e, a, b, alpha, beta = (constants[:, place, np.newaxis] for place in range(5))
        n, d = np.log(points.size), np.log(points.examples)
        return np.logaddexp(np.logaddexp(a - alpha * n, b - beta * d), e)

    def budgets(self, points: Points) -> Floats:
        return points.examples


@dataclass(frozen=True)
class _Frame:
    """Log size and log examples around their means, in which the five numbers hardly depend on each other."""

    n: Floats  # [points]
    d: Floats  # [points]
    n_mean: float
    d_mean: float

    @staticmethod
    def of(points: Points) -> "_Frame":
        n, d = np.log(points.size), np.log(points.examples)
        return _Frame(n - n.mean(), d - d.mean(), float(n.mean()), float(d.mean()))

    def starts(self, log_loss: Floats) -> Floats:
        """Returns the most promising starts, shape [starts, 5], as (alpha, beta, e, a, b) around the means."""
        starts = np.array(_STARTS, dtype=np.float64)
        starts[:, 3] -= starts[:, 0] * self.n_mean
        starts[:, 4] -= starts[:, 1] * self.d_mean
        alpha, beta, e, a, b = (starts[:, place, np.newaxis] for place in range(5))
        logs = np.logaddexp(np.logaddexp(a - alpha * self.n, b - beta * self.d), e)
        return starts[np.argsort(_huber(logs - log_loss).sum(axis=1), kind="stable")[:_DESCENTS]]

    def constants(self, found: Floats) -> Floats:
        """Returns (log E, log A, log B, alpha, beta), shape [sets, 5]."""
        alpha, beta, e, a, b = found.T
        return np.stack([e, a + alpha * self.n_mean, b + beta * self.d_mean, alpha, beta], axis=1)

    def linear(self, at: Floats) -> tuple[Floats, Floats]:
        """Returns log losses, shape [sets, points], and their Jacobian, [sets, points, 5], at [sets, 5]."""
        alpha, beta, e, a, b = (at[:, place, np.newaxis] for place in range(5))
        terms = np.stack([a - alpha * self.n, b - beta * self.d, e + 0 * self.n], axis=2)
        top = terms.max(axis=2, keepdims=True)
        parts = np.exp(terms - top)
        whole = parts.sum(axis=2, keepdims=True)
        of_n, of_d, of_e = np.moveaxis(parts / whole, 2, 0)
        logs = (top + np.log(whole))[:, :, 0]
        return logs, np.stack([-of_n * self.n, -of_d * self.d, of_e, of_n, of_d], axis=2)

    def objective(self, at: Floats, log_loss: Floats) -> tuple[float, Floats]:
        """Returns the summed Huber loss over `DELTA` squared, and its gradient, shape [5]."""
        logs, jacobian = self.linear(at[np.newaxis])
        residuals = logs[0] - log_loss
        return float(_huber(residuals).sum()) / DELTA**2, np.clip(residuals / DELTA, -1, 1) @ jacobian[0] / DELTA


def _huber(residuals: Floats) -> Floats:
    size = np.abs(residuals)
    return np.where(size <= DELTA, size**2 / 2, DELTA * (size - DELTA / 2))


def _lowest(frame: _Frame, log_loss: Floats, starts: Floats) -> Floats:
    """Returns the best place, shape [5], that descents from the starts reach; all go some way, the best to its end."""
    ends = [_descend(frame, log_loss, start, _WAY) for start in starts]
    return _descend(frame, log_loss, min(ends, key=lambda end: end[0])[1], _END)[1]


def _descend(frame: _Frame, log_loss: Floats, start: Floats, iterations: int) -> tuple[float, Floats]:
    """Returns the objective and the place that so many iterations of L-BFGS reach from `start`, shape [5]."""
    end = minimize(
        frame.objective,
        start,
        args=(log_loss,),
        jac=True,
        method="L-BFGS-B",
        # Scaled and with narrow tolerances: with the usual ones it stops early, and exponents are off.
        options={"maxiter": iterations, "ftol": 1e-12, "gtol": 1e-8, "maxcor": 20},
    )
    return float(end.fun), np.asarray(end.x, dtype=np.float64)


def _beside(frame: _Frame, log_losses: Floats, start: Floats) -> Floats:
    """Returns the fits, shape [sets, 5], to sets of losses near those that `start`, shape [5], fits."""
    at = np.repeat(start[np.newaxis], len(log_losses), axis=0)
    for _ in range(_STEPS):
        logs, jacobian = frame.linear(at)
        residuals = log_losses - logs
        weighted = jacobian / np.maximum(np.abs(residuals), DELTA)[:, :, np.newaxis]
        normal = np.einsum("spi,spj->sij", weighted, jacobian)
        ridge = _RIDGE * np.trace(normal, axis1=1, axis2=2)
        normal += ridge[:, np.newaxis, np.newaxis] * np.eye(5)
        steps = np.linalg.solve(normal, np.einsum("spi,sp->si", weighted, residuals)[:, :, np.newaxis])[:, :, 0]
        at = at + np.clip(steps, -_LONGEST, _LONGEST)
    return at
