"""How often `monotone(trials: 2)` finds the best learning rate of the reference study's 36 cells, and at what cost.

Run as ``python tests/benchmarks/tuning.py``. Losses are made up: of the paper's shape (arXiv 2310.16764, Figure 3: an
optimum of 1.6 for small networks and budgets, which falls, and the faster the larger the network), with noise as of
seeds, and of shapes that break the rule. Compute is that of the reference study, relative to the full grid.
"""

import math
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import fmean

from nfdsl.check.spec import study_of
from nfdsl.plan import Plan, PlannedRun, plan
from nfdsl.source import Source
from nfdsl.study.landscape import Landscape
from nfdsl.study.result import Result
from nfdsl.study.tuning.known import Known
from nfdsl.study.tuning.survey import Settled, Try, survey

MODELS = ("F0", "F1", "F3", "F3+", "F7", "F7+")
BUDGETS = (0.25, 0.5, 1, 2, 4, 8)
DRAWS = 50
DONE = Result("done", 10, 10, 1.0, 1.0, 0.5, 0.9, 100, 1.0, 1000.0)
Loss = Callable[[PlannedRun], float | None]


def reference() -> Landscape:
    """Returns the cells of the reference study's pre-training."""
    text = (Path(__file__).parents[2] / "specs" / "convnets_match_vits.nfx").read_text()
    study, _ = study_of(Source("spec.nfx", text.partition("finetune ")[0]))
    assert study is not None
    planned, _ = plan(study, "reference")
    assert isinstance(planned, Plan)
    return Landscape(planned)


def surface(optimum: Callable[[int, int], float], curvature: float, noise: float, skew: float, seed: int) -> Loss:
    """A parabola in log2 of the rate, `skew` times as steep above its optimum; runs diverge 3.5 doublings above."""

    def loss(run: PlannedRun) -> float | None:
        size, budget = MODELS.index(run.label), BUDGETS.index(run.epochs)
        distance = math.log2(run.lr) - optimum(size, budget)
        slope = curvature * (skew if distance > 0 else 1)
        jitter = random.Random(f"{run.id} {seed}").gauss(0, noise)
        return None if distance > 3.5 else 3 * 0.96 ** (size + budget) + slope * distance**2 + jitter

    return loss


def tuned(landscape: Landscape, loss: Loss) -> tuple[float, float, float, float]:
    """Returns the share of cells whose best is the range's or beside it, is exactly that, is censored, and the cost."""
    results: dict[str, Result] = {}
    while True:
        verdicts = survey(landscape.ladders, Known(results, {}))
        asked = [run for verdict in verdicts.values() if isinstance(verdict, Try) for run in verdict.runs]
        if not asked:
            break
        for run in asked:
            value = loss(landscape.runs[run])
            results[run] = replace(DONE, holdout_loss=value, state="diverged" if value is None else "done")
    off = [_off(landscape, cell, results, loss) for cell in landscape.ladders]
    censored = sum(isinstance(verdict, Settled) and verdict.censored is not None for verdict in verdicts.values())
    spent = sum(landscape.runs[run].train_flops for run in results)
    cost = spent / sum(run.train_flops for run in landscape.plan.runs)
    return (
        sum(each <= 1 for each in off) / len(off),
        sum(each == 0 for each in off) / len(off),
        censored / len(off),
        cost,
    )


def _off(landscape: Landscape, cell: str, results: dict[str, Result], loss: Loss) -> int:
    ladder = landscape.ladders[cell]
    losses = [loss(landscape.runs[run]) for run in ladder.runs]
    true = min((value, place) for place, value in enumerate(losses) if value is not None)[1]
    best = ladder.best(results)
    return 99 if best is None else abs(best - true)


def falling(draw: random.Random) -> Callable[[int, int], float]:
    start, size = draw.uniform(0.3, 1.2), draw.uniform(0, 1)
    budget, faster = draw.uniform(0, 1), draw.uniform(0, 1)
    return lambda s, b: start - size * s / 5 - (budget + faster * s / 5) * b / 5


BROKEN: dict[str, Callable[[int, int], float]] = {
    "rises with size": lambda size, budget: -3 + 0.6 * size,
    "rises with budget": lambda size, budget: -3 + 0.6 * budget,
    "falls three doublings at the four costliest": lambda size, budget: 1 if size < 4 or budget < 4 else -2,
    "rises three doublings at the four costliest": lambda size, budget: -2 if size < 4 or budget < 4 else 1,
    "jumps about": lambda size, budget: (7 * size + 11 * budget) % 5 - 3,
    "above the range": lambda size, budget: 2.9 - 0.1 * budget,
    "below the range": lambda size, budget: -4.2 - 0.05 * budget,
    "out of reach": lambda size, budget: 6,
}

if __name__ == "__main__":
    landscape = reference()
    print(f"the paper's shape, {DRAWS} surfaces each:")
    for noise, curvature, skew in ((0, 0.03, 1), (0, 0.03, 3), (0.001, 0.03, 1), (0.003, 0.03, 1), (0.003, 0.015, 1)):
        draw = random.Random(0)
        found = [tuned(landscape, surface(falling(draw), curvature, noise, skew, seed)) for seed in range(DRAWS)]
        near, exact, _, cost = (fmean(column) for column in zip(*found, strict=True))
        print(
            f"  noise {noise}, curvature {curvature}, {skew} times as steep above: best or beside it {near:.1%} "
            f"(least {min(each[0] for each in found):.1%}), best {exact:.1%}, cost {cost:.1%} "
            f"(most {max(each[3] for each in found):.1%})"
        )
    print("what breaks the rule, without noise:")
    for name, optimum in BROKEN.items():
        near, exact, censored, cost = tuned(landscape, surface(optimum, 0.03, 0, 1, 0))
        print(f"  {name}: best or beside it {near:.1%}, best {exact:.1%}, censored {censored:.1%}, cost {cost:.1%}")
