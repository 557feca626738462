"""Whole studies tuned on made-up surfaces: what is found, what it costs, and what is noticed."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nfdsl.plan import Plan, PlannedRun
from nfdsl.schema.training import Grid, Monotone
from nfdsl.study.landscape import Landscape
from nfdsl.study.result import Result
from nfdsl.study.tuning.known import Known
from nfdsl.study.tuning.survey import Await, Settled, Try, Verdict, most_outstanding, outstanding, survey

RATES = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
SIZES = (1, 2, 4, 8, 16, 32)
BUDGETS = (25, 50, 100, 200, 400, 800)  # in images, each twice the one before
DONE = Result("done", 10, 10, 1.0, 1.0, 0.5, 0.9, 100, 1.0, 1000.0)
Loss = Callable[[PlannedRun], float | None]  # None: it diverges


@dataclass(frozen=True)
class Tuned:
    """What became of a study."""

    landscape: Landscape
    results: Mapping[str, Result]
    verdicts: Mapping[str, Verdict]

    @property
    def cost(self) -> float:
        """Compute spent over that of the full grid."""
        runs = self.landscape.runs
        return sum(runs[run].train_flops for run in self.results) / sum(r.train_flops for r in self.landscape.plan.runs)

    @property
    def censored(self) -> dict[str, str]:
        ends = {cell: verdict.censored for cell, verdict in self.verdicts.items() if isinstance(verdict, Settled)}
        return {cell: end for cell, end in ends.items() if end is not None}

    def off(self, loss: Loss) -> list[int]:
        """How many rates off each cell's best is, of all it could have tried."""
        found: list[int] = []
        for ladder in self.landscape.ladders.values():
            losses = [loss(self.landscape.runs[run]) for run in ladder.runs]
            true = min((value, place) for place, value in enumerate(losses) if value is not None)[1]
            best = ladder.best(self.results)
            assert best is not None
            found.append(abs(best - true))
        return found


def carry_out(plan: Plan, loss: Loss, results: Mapping[str, Result] | None = None) -> Tuned:
    """Runs what tuning asks for, one run at a time, until every cell is settled."""
    landscape, done = Landscape(plan), dict(results or {})
    while True:
        verdicts = survey(landscape.ladders, Known(done, {}))
        asked = [run for verdict in verdicts.values() if isinstance(verdict, Try) for run in verdict.runs]
        if not asked:
            assert all(isinstance(verdict, Settled) for verdict in verdicts.values())
            return Tuned(landscape, done, verdicts)
        value = loss(landscape.runs[asked[0]])
        done[asked[0]] = replace(DONE, holdout_loss=value, state="diverged" if value is None else "done")


def bowl(distance: float) -> float:
    return 0.03 * distance**2


def skewed(distance: float) -> float:
    return bowl(distance) * (4 if distance > 0 else 1)


def surface(optimum: Callable[[int, int], float], shape: Callable[[float], float] = bowl, limit: float = 99) -> Loss:
    """Losses by the distance, in factors of two, to `optimum(size, budget)`; from `limit` above it runs diverge.

    Sizes and budgets count from 0; each doubling of either lowers the loss as well.
    """

    def loss(run: PlannedRun) -> float | None:
        size, budget = int(run.label[1:]), round(math.log2(run.length.images / BUDGETS[0]))
        distance = math.log2(run.lr) - optimum(size, budget)
        return None if distance > limit else 3 * 0.96 ** (size + budget) + shape(distance)

    return loss


@pytest.fixture(scope="session")
def study(new_sketch):
    """Returns the plan of six networks at six budgets, each twice as costly as the one before."""

    def study(tuner: Grid | Monotone, rates=RATES, sizes=SIZES, budgets=BUDGETS) -> Plan:
        sketch = new_sketch()
        for number, size in enumerate(sizes):
            for images in budgets:
                name, model = f"F{number}-{images}", f"F{number}"
                sketch.cell(name, rates, model=model, images=images, size=size, tuner=tuner, extend=tuner.extend)
        return sketch.plan()

    return study


def falling(size: float, budget: float, faster: float) -> Callable[[int, int], float]:
    """The paper's shape: 1.6 for the smallest, then down with size and budget, with budget the faster the larger."""
    return lambda s, b: math.log2(1.6) - size * s / 5 - (budget + faster * s / 5) * b / 5


@pytest.mark.parametrize("shape", [bowl, skewed])
@pytest.mark.parametrize("limit", [1.2, 99])
@pytest.mark.parametrize("falls", [(0, 0, 0), (0.5, 0.7, 0.6), (0, 0, 2), (0.6, 1, 1), (1, 1, 0)])
def test_on_the_papers_surfaces_two_trials_find_the_optimum_at_40_percent_of_the_compute(study, shape, limit, falls):
    loss = surface(falling(*falls), shape, limit)
    tuned = carry_out(study(Monotone(2)), loss)
    assert sum(off <= 1 for off in tuned.off(loss)) >= 0.95 * 36
    assert tuned.cost <= 0.4
    assert not tuned.censored


@pytest.mark.parametrize("shape", [bowl, skewed])
@pytest.mark.parametrize(
    "optimum",
    [
        lambda size, budget: -3 + 0.6 * size,
        lambda size, budget: -3 + 0.6 * budget,
        lambda size, budget: 1 if size < 4 or budget < 4 else -2,  # jumps only where it is costly
        lambda size, budget: -2 if size < 4 or budget < 4 else 1,
        lambda size, budget: (7 * size + 11 * budget) % 5 - 3,
        lambda size, budget: 2.9 - 0.1 * budget,  # above the range
        lambda size, budget: -4.2 - 0.05 * budget,  # below it
    ],
)
def test_an_optimum_that_rises_jumps_or_lies_beyond_the_range_is_found_by_more_trials(study, shape, optimum):
    loss = surface(optimum, shape)
    tuned = carry_out(study(Monotone(2)), loss)
    assert max(tuned.off(loss)) <= 1
    assert sum(tuned.off(loss)) <= 1
    assert not tuned.censored


@pytest.mark.parametrize("tuner", [Monotone(2), Grid()])
@pytest.mark.parametrize(("at", "end"), [(6, "highest"), (-9, "lowest")])
def test_an_optimum_out_of_reach_is_censored_in_every_cell(study, tuner, at, end):
    tuned = carry_out(study(tuner, sizes=(1, 2), budgets=(25, 50)), surface(lambda size, budget: at))
    assert set(tuned.censored.values()) == {end}
    assert len(tuned.censored) == 4


@pytest.mark.parametrize("tuner", [Monotone(2, extend=0), Grid(extend=0)])
def test_without_extension_the_end_of_the_range_is_censored(study, tuner):
    tuned = carry_out(study(tuner, sizes=(1,), budgets=(25,)), surface(lambda size, budget: 2))
    assert tuned.censored == {"F0-25": "highest"}
    assert set(tuned.results) <= {f"F0-25@{rate}" for rate in RATES}


def test_a_grid_goes_on_where_its_best_is_at_the_end_and_no_further_than_it_must(study):
    plan = study(Grid(), sizes=(1,), budgets=(25,))
    assert set(carry_out(plan, surface(lambda size, budget: 0)).results) == {f"F0-25@{rate}" for rate in RATES}
    above = carry_out(plan, surface(lambda size, budget: math.log2(5)))
    assert set(above.results) - {f"F0-25@{rate}" for rate in RATES} == {"F0-25@6.4", "F0-25@12.8"}
    assert not above.censored
    below = carry_out(plan, surface(lambda size, budget: math.log2(0.1)))
    assert set(below.results) - {f"F0-25@{rate}" for rate in RATES} == {"F0-25@0.05"}


def test_divergence_bounds_an_optimum(study):
    tuned = carry_out(study(Grid(), sizes=(1,), budgets=(25,)), surface(lambda size, budget: 3, limit=-1.5))
    assert len(tuned.results) == len(RATES)  # 0.8 diverges, and with it all above: 1.6 and 3.2 bound the best
    assert not tuned.censored


def test_where_everything_diverges_the_range_goes_on_below(study):
    plan = study(Grid(), sizes=(1,), budgets=(25,))
    found = carry_out(plan, surface(lambda size, budget: math.log2(0.05), limit=0.5))
    assert found.landscape.ladders["F0-25"].best(found.results) == 1
    assert not found.censored
    none = carry_out(plan, lambda run: None)
    assert set(none.results) - {f"F0-25@{rate}" for rate in RATES} == {"F0-25@0.05", "F0-25@0.025"}


def test_cells_wait_for_those_they_lean_on(study):
    plan = study(Monotone(2), sizes=(1, 2), budgets=(25, 50))
    verdicts = survey(Landscape(plan).ladders, Known({}, {}))
    assert verdicts == {
        "F0-25": Try(("F0-25@3.2",)),
        "F0-50": Await(("F0-25",)),
        "F1-25": Await(("F0-25",)),
        "F1-50": Await(("F1-25", "F0-50")),
    }


def test_a_thousand_budgets_lean_on_each_other(study):
    plan = study(Monotone(1, extend=0), rates=(0.1, 0.2), sizes=(1,), budgets=range(10, 10_010, 10))
    verdicts = survey(Landscape(plan).ladders, Known({}, {}))
    assert sum(isinstance(verdict, Await) for verdict in verdicts.values()) == 999


values = st.dictionaries(st.integers(0, 99), st.one_of(st.none(), st.integers(1, 4).map(float)))
tuners = st.one_of(st.builds(Grid, st.integers(0, 2)), st.builds(Monotone, st.integers(1, 7), st.integers(0, 2)))


@settings(max_examples=60, deadline=None)
@given(values=values, tuner=tuners, data=st.data())
def test_stopping_and_continuing_changes_nothing(study, values, tuner, data):
    plan = study(tuner, sizes=(1, 2, 4), budgets=(25, 50, 100))
    index = {run: place for place, run in enumerate(Landscape(plan).runs)}

    def loss(run: PlannedRun) -> float | None:
        return values.get(index[run.id], 1.0)

    whole = carry_out(plan, loss).results
    kept = data.draw(st.integers(0, len(whole)))
    assert carry_out(plan, loss, dict(list(whole.items())[:kept])).results == whole


@settings(max_examples=60, deadline=None)
@given(values=values, tuner=tuners)
def test_every_settled_optimum_is_inside_the_rates_or_censored(study, values, tuner):
    plan = study(tuner, sizes=(1, 2), budgets=(25, 50))
    index = {run: place for place, run in enumerate(Landscape(plan).runs)}
    tuned = carry_out(plan, lambda run: values.get(index[run.id], 1.0))
    for cell, ladder in tuned.landscape.ladders.items():
        best = ladder.best(tuned.results)
        if best is not None and cell not in tuned.censored:
            assert 0 < best < len(ladder.runs) - 1
            if ladder.runs[best] in (ladder.range[0], ladder.range[-1]):
                outside = best - 1 if ladder.runs[best] == ladder.range[0] else best + 1
                assert ladder.runs[outside] in tuned.results


@pytest.mark.parametrize("tuner", [Grid(), Monotone(2), Monotone(9)])
def test_what_is_outstanding_is_never_too_few_and_falls_to_nothing(study, tuner):
    landscape = Landscape(study(tuner, sizes=(1,), budgets=(25,)))
    (ladder,), results = landscape.ladders.values(), dict[str, Result]()
    bounds: list[tuple[int, int]] = []
    while True:
        (verdict,) = survey(landscape.ladders, known := Known(results, {})).values()
        bounds.append((outstanding(ladder, verdict, known), most_outstanding(ladder, verdict, known)))
        if not isinstance(verdict, Try):
            break
        results[verdict.runs[0]] = replace(DONE, holdout_loss=landscape.runs[verdict.runs[0]].lr)
    assert all(few <= len(bounds) - 1 - place <= most for place, (few, most) in enumerate(bounds))
    assert all(few for few, _ in bounds[:-1])
    assert bounds[-1] == (0, 0)


def test_at_most_a_range_and_one_of_its_extensions_are_outstanding(study):
    (ladder,) = Landscape(study(Grid(extend=2), sizes=(1,), budgets=(25,))).ladders.values()
    assert most_outstanding(ladder, Try(ladder.range), Known({}, {})) == len(RATES) + 2


def test_a_cell_that_waits_although_more_was_tried_than_usual_has_nothing_outstanding(study):
    (ladder,) = Landscape(study(Monotone(2), sizes=(1,), budgets=(25,))).ladders.values()
    assert outstanding(ladder, Await(("other",)), Known(dict.fromkeys(ladder.range[:3], DONE), {})) == 0


def test_one_rate_is_no_end_of_anything(study):
    tuned = carry_out(study(Grid(extend=0), rates=(0.1,), sizes=(1,), budgets=(25,)), surface(lambda *_: 0))
    assert tuned.verdicts == {"F0-25": Settled(None)}
