"""How often the 95% intervals of the laws' exponents hold the truth, over synthetic studies.

    python tests/benchmarks/law_coverage.py [REPETITIONS] [FORM...]

Each study draws its log losses with 1% of noise around a law with known exponents. `tuned` is the power law of a
study that chose each point's best of five learning rates, two of them nearly as good; `repeated` of one that ran each
point with three seeds. `double` and `parametric` take half a second a study.
"""

import sys
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from nfdsl.analysis.fit import fit
from nfdsl.analysis.forms import FormName
from nfdsl.analysis.points import Points, rivals, unrivalled

NOISE = 0.01
COMPUTE = np.geomspace(1e12, 1e17, 9)
Study = Callable[[np.random.Generator], tuple[Points, FormName, dict[str, float]]]


def noisy(rng: np.random.Generator, loss: np.ndarray) -> np.ndarray:
    return loss * np.exp(NOISE * rng.standard_normal(loss.shape))


def power(rng):
    return unrivalled(COMPUTE, noisy(rng, 40 * COMPUTE**-0.1)), "power", {"b": 0.1}


def tuned(rng):
    best = np.log(40 * COMPUTE**-0.1)[:, np.newaxis] + np.array([0.08, 0.004, 0.0, 0.03, 0.2])
    losses = noisy(rng, np.exp(best))
    return replace(unrivalled(COMPUTE, losses.min(axis=1)), rivals=rivals(losses.tolist())), "power", {"b": 0.1}


def repeated(rng):
    losses = noisy(rng, np.repeat(40 * COMPUTE[:, np.newaxis] ** -0.1, 3, axis=1))
    bare = unrivalled(COMPUTE, losses.mean(axis=1))
    return replace(bare, seeds=np.full(9, 3.0), deviation=losses.std(axis=1, ddof=1)), "power", {"b": 0.1}


def saturating(rng):
    return unrivalled(COMPUTE, noisy(rng, 3000 * COMPUTE**-0.25 + 0.4)), "saturating", {"b": 0.25}


def double(rng):
    compute = np.geomspace(1e12, 1e17, 16)
    return unrivalled(compute, noisy(rng, 3000 * (compute + 2e12) ** -0.25 + 0.4)), "double", {"b": 0.25}


def parametric(rng):
    size, examples = map(np.ravel, np.meshgrid(np.geomspace(1e7, 1e9, 6), np.geomspace(1e8, 1e10, 6)))
    loss = 0.7 + 406.4 * size**-0.34 + 410.7 * examples**-0.28
    points = unrivalled(6 * size * examples, noisy(rng, loss), size, examples)
    return points, "parametric", {"alpha": 0.34, "beta": 0.28}


def isoflop(rng):
    compute, offset = map(np.ravel, np.meshgrid(np.geomspace(6e18, 3e21, 9), np.linspace(-1.2, 1.2, 7)))
    size = 0.6 * compute**0.45 * np.exp(offset)
    loss = noisy(rng, 30 * compute**-0.05 * (1 + 0.05 * offset**2))
    return unrivalled(compute, loss, size, compute / size / 6), "isoflop", {"size_exponent": 0.45}


def envelope(rng):
    return unrivalled(COMPUTE, noisy(rng, 40 * COMPUTE**-0.2)), "envelope", {"loss_exponent": -0.2}


STUDIES: dict[str, Study] = {
    "power": power,
    "tuned": tuned,
    "repeated": repeated,
    "saturating": saturating,
    "double": double,
    "parametric": parametric,
    "isoflop": isoflop,
    "envelope": envelope,
}


def coverage(study: Study, repetitions: int) -> dict[str, float]:
    """Returns the share of intervals that hold the truth, by constant."""
    rng = np.random.default_rng(0)
    held: dict[str, int] = {}
    for _ in range(repetitions):
        points, form, truth = study(rng)
        intervals = fit(points, form).intervals
        for name, value in truth.items():
            held[name] = held.get(name, 0) + (intervals[name].low <= value <= intervals[name].high)
    return {name: count / repetitions for name, count in held.items()}


def main() -> None:
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    for name in sys.argv[2:] or STUDIES:
        print(name, coverage(STUDIES[name], repetitions), flush=True)


if __name__ == "__main__":
    main()
