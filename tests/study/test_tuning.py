"""Which learning rates are tried: all of a grid; by the paper's rule two, near the neighbour's best."""

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nfdsl.plan import Plan
from nfdsl.schema.training import Grid, Monotone
from nfdsl.study.landscape import Landscape
from nfdsl.study.result import Result
from nfdsl.study.tuning import Await, Known, Settled, Try, outstanding, trials, tuned, verdict

RATES = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
DONE = Result("done", 10, 10, 1.0, 1.0, 0.5, 0.9, 100, 1.0, 1000.0)


def carry_out(plan: Plan, loss: Callable[[str], float | None], known: Known | None = None) -> dict[str, Result]:
    """Runs what the tuner asks for until nothing is left; `loss` of a run id is None where it diverges."""
    landscape = Landscape(plan)
    results = dict(known.results) if known else {}
    failed = dict(known.failed) if known else {}
    while True:
        verdicts = [verdict(cell, landscape, Known(results, failed)) for cell in plan.cells]
        wanted = [run for found in verdicts if isinstance(found, Try) for run in found.runs]
        if not wanted:
            assert all(isinstance(found, Settled) for found in verdicts)
            return results
        value = loss(wanted[0])
        results[wanted[0]] = replace(DONE, holdout_loss=value, state="diverged" if value is None else "done")


def surface(optimum: Callable[[int, int], float]) -> Callable[[str], float]:
    """A held-out loss that is quadratic in log lr around `optimum(size, budget)`; runs are named FN-BUDGET@LR."""

    def loss(run: str) -> float:
        cell, lr = run.split("@")
        model, budget = cell.split("-")
        return 1 + math.log2(float(lr) / optimum(int(model[1:]), int(budget))) ** 2

    return loss


def study(sketch, tuner: Grid | Monotone, models: int = 3, budgets: tuple[int, ...] = (100, 200, 400)) -> Plan:
    for model in range(models):
        for images in budgets:
            sketch.cell(f"F{model}-{images}", RATES, model=f"F{model}", images=images, tuner=tuner)
    return sketch.plan()


def test_a_grid_tries_everything_once(sketch, result):
    runs = sketch.cell("cell")
    (cell,), landscape = sketch.cells, Landscape(sketch.plan())
    assert verdict(cell, landscape, Known({}, {})) == Try(runs)
    assert verdict(cell, landscape, Known({runs[1]: result(1)}, {runs[0]: "failed"})) == Try(runs[2:])
    assert verdict(cell, landscape, Known({run: result(None) for run in runs}, {})) == Settled()
    assert trials(cell) == 3


def test_the_best_run_is_the_one_of_least_loss(sketch, result):
    low, mid, high = sketch.cell("cell")
    (cell,) = sketch.cells
    assert tuned(cell, {}) is None
    assert tuned(cell, {low: result(2.0), mid: result(1.0), high: result(3.0)}) == mid
    assert tuned(cell, {low: result(None), high: result(3.0)}) == high
    assert tuned(cell, {low: result(None)}) is None


def test_a_tie_goes_to_the_lower_learning_rate(sketch, result):
    low, mid, high = sketch.cell("cell")
    assert tuned(sketch.cells[0], {high: result(1.0), mid: result(1.0), low: result(2.0)}) == mid


def test_error_ranks_by_top1(sketch, result):
    low, mid, _ = sketch.cell("cell", minimizing="holdout.error")
    assert tuned(sketch.cells[0], {low: result(1.0, top1=0.5), mid: result(2.0, top1=0.6)}) == mid


def test_the_paper_rule_step_by_step(sketch, result):
    tuner = Monotone(2)
    small = sketch.cell("small", RATES, images=100, tuner=tuner)
    large = sketch.cell("large", RATES, images=200, tuner=tuner)
    landscape = Landscape(sketch.plan())
    first, second = sketch.cells
    results: dict[str, Result] = {}
    assert verdict(first, landscape, Known(results, {})) == Try(small[5:])  # the top of the range
    assert verdict(second, landscape, Known(results, {})) == Await(first)
    results[small[5]] = result(2.0)
    assert verdict(first, landscape, Known(results, {})) == Try(small[4:5])  # one lower
    results[small[4]] = result(1.0)
    assert verdict(first, landscape, Known(results, {})) == Settled()
    assert verdict(second, landscape, Known(results, {})) == Try(large[4:5])  # the neighbour's best
    results[large[4]] = result(None)
    assert verdict(second, landscape, Known(results, {})) == Try(large[3:4])  # one lower, as the first diverged


def test_the_second_trial_goes_up_from_the_lowest(sketch, result):
    runs = sketch.cell("cell", (0.1, 0.2), tuner=Monotone(2))
    sketch.cell("next", (0.1, 0.2), images=200, tuner=Monotone(2))
    landscape = Landscape(sketch.plan())
    results = {runs[0]: result(1.0), runs[1]: result(2.0)}
    assert verdict(sketch.cells[1], landscape, Known(results, {})) == Try(("next@0.1",))
    results["next@0.1"] = result(1.0)
    assert verdict(sketch.cells[1], landscape, Known(results, {})) == Try(("next@0.2",))


def test_further_trials_follow_the_better_side(sketch, result):
    runs = sketch.cell("cell", RATES, tuner=Monotone(3))
    landscape, cell = Landscape(sketch.plan()), sketch.cells[0]
    falling = {runs[5]: result(3.0), runs[4]: result(2.0)}
    assert verdict(cell, landscape, Known(falling, {})) == Try(runs[3:4])
    bracketed = {runs[5]: result(1.0), runs[4]: result(2.0)}
    assert verdict(cell, landscape, Known(bracketed, {})) == Settled()  # nothing is above the top


def test_after_nothing_but_divergence_the_neighbour_starts_lower_still(sketch, result):
    small = sketch.cell("small", RATES, images=100, tuner=Monotone(2))
    sketch.cell("large", RATES, images=200, tuner=Monotone(2))
    results = {small[5]: result(None), small[4]: result(None)}
    assert verdict(sketch.cells[1], Landscape(sketch.plan()), Known(results, {})) == Try(("large@0.8",))


def test_a_failed_trial_does_not_stop_the_next_cell(sketch, result):
    small = sketch.cell("small", RATES, images=100, tuner=Monotone(2))
    sketch.cell("large", RATES, images=200, tuner=Monotone(2))
    landscape = Landscape(sketch.plan())
    failed = {small[5]: "no", small[4]: "no"}
    assert verdict(sketch.cells[1], landscape, Known({}, failed)) == Try(("large@3.2",))  # as the neighbour began
    one = Known({small[4]: result(1.0)}, {small[5]: "no"})
    assert verdict(sketch.cells[1], landscape, one) == Try(("large@1.6",))


def test_a_failed_trial_is_tried_again_later_and_the_cell_grows_no_further(sketch, result):
    runs = sketch.cell("cell", RATES, tuner=Monotone(2))
    landscape, cell = Landscape(sketch.plan()), sketch.cells[0]
    later = {runs[4]: result(1.0)}
    assert verdict(cell, landscape, Known(later, {})) == Try(runs[5:])
    later[runs[5]] = result(2.0)
    assert verdict(cell, landscape, Known(later, {})) == Settled()


def test_monotone_finds_a_monotone_optimum_at_a_third_of_the_cost(sketch):
    plan = study(sketch, Monotone(2), models=6, budgets=(25, 50, 100, 200, 400, 800))
    landscape, near = Landscape(plan), 0

    def optimum(size: int, budget: int) -> float:  # 1.6 where both are smallest, 0.2 where both are largest
        return 1.6 * 2 ** (-0.3 * size - 0.3 * math.log2(budget / 25))

    results = carry_out(plan, surface(optimum))
    assert len(results) == len(plan.runs) / 3
    for cell in plan.cells:
        run = landscape.sample(cell)
        best = tuned(cell, results)
        assert best is not None
        away = math.log2(landscape.runs[best].lr / optimum(int(run.label[1:]), run.length.images))
        near += abs(away) < 1.01
    assert near >= 0.95 * len(plan.cells)


def test_a_lower_neighbour_keeps_the_trials_low(sketch):
    plan = study(sketch, Monotone(2), models=1, budgets=(100, 200, 400, 800))
    results = carry_out(plan, surface(lambda size, budget: 160 / budget))
    assert [tuned(cell, results) for cell in plan.cells] == ["F0-100@1.6", "F0-200@0.8", "F0-400@0.4", "F0-800@0.2"]


losses = st.dictionaries(st.integers(0, 53), st.one_of(st.none(), st.integers(1, 4).map(float)))


@settings(max_examples=60, deadline=None)
@given(values=losses, count=st.integers(1, 7), data=st.data())
def test_stopping_and_continuing_changes_nothing(new_sketch, values, count, data):
    plan = study(new_sketch(), Monotone(count))
    index = {run.id: place for place, run in enumerate(plan.runs)}

    def loss(run: str) -> float | None:
        return values.get(index[run], 1.0)

    whole = carry_out(plan, loss)
    assert all(sum(run in whole for run in cell.runs) <= min(count, len(RATES)) for cell in plan.cells)
    kept = data.draw(st.integers(0, len(whole)))
    part = dict(list(whole.items())[:kept])
    assert carry_out(plan, loss, Known(part, {})) == whole


@pytest.mark.parametrize(("tuner", "most"), [(Grid(), 6), (Monotone(2), 2), (Monotone(9), 6)])
def test_what_is_outstanding_falls_to_nothing(sketch, result, tuner, most):
    runs = sketch.cell("cell", RATES, tuner=tuner)
    landscape, cell = Landscape(sketch.plan()), sketch.cells[0]
    results: dict[str, Result] = {}
    counts = [outstanding(cell, landscape, Known(results, {}))]
    while isinstance(found := verdict(cell, landscape, Known(results, {})), Try):
        results[found.runs[0]] = result(RATES[runs.index(found.runs[0])])
        counts.append(outstanding(cell, landscape, Known(results, {})))
    assert counts == list(range(most, -1, -1))
