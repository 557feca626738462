"""The start of a fine-tune: the best of the tuned runs, once every candidate has ended."""

from dataclasses import replace

import pytest

from nfdsl.plan import Selection
from nfdsl.schema.training import Monotone
from nfdsl.study.landscape import Landscape
from nfdsl.study.result import Best
from nfdsl.study.selection import Chosen, Impossible, Pending, select
from nfdsl.study.tuning.known import Known
from nfdsl.study.tuning.survey import survey


@pytest.fixture
def studied(sketch):
    """Two budgets at two learning rates, the selection of the best of them, and how to ask for it."""
    short = sketch.cell("short", (0.1, 0.2), images=100)
    long = sketch.cell("long", (0.1, 0.2), images=200)
    landscape = Landscape(sketch.plan())
    selection = Selection((*short, *long), "holdout.loss", 0)

    def ask(results, failed=None, **changes):
        known = Known(results, failed or {})
        return select(replace(selection, **changes), landscape, known, survey(landscape.ladders, known))

    return ask


def test_random_weights_need_no_selection(sketch):
    sketch.cell("cell")
    assert select(None, Landscape(sketch.plan()), Known({}, {}), {}) == Chosen(None)


def test_every_candidate_is_waited_for(studied, result):
    results = {"short@0.1": result(1.0), "short@0.2": result(1.0), "long@0.1": result(1.0)}
    assert studied(results) == Pending()
    assert studied(results | {"long@0.2": result(2.0)}) == Chosen("short@0.1")


def test_only_the_tuned_run_of_each_cell_counts(studied, result):
    results = {"short@0.1": result(1.0), "short@0.2": result(1.1), "long@0.1": result(1.3), "long@0.2": result(1.2)}
    assert studied(results) == Chosen("short@0.1")
    assert studied(results, rank=1) == Chosen("long@0.2")


def test_ranking_by_error_differs_from_ranking_by_loss(studied, result):
    results = {
        "short@0.1": result(1.0, top1=0.5),
        "short@0.2": result(2.0, top1=0.9),
        "long@0.1": result(1.5, top1=0.6),
        "long@0.2": result(2.0),
    }
    assert studied(results, by="holdout.loss") == Chosen("short@0.1")
    assert studied(results, by="holdout.error") == Chosen("long@0.1")


def test_networks_rank_by_the_weights_that_they_keep(studied, result):
    """The run whose last weights are the worst has the best ones on its way."""
    kept = replace(result(3.0), best=Best(5, 0.5, 0.9))
    results = {"short@0.1": result(1.0), "short@0.2": result(2.0), "long@0.1": kept, "long@0.2": result(4.0)}
    assert studied(results) == Chosen("long@0.1")
    assert studied(results, rank=1) == Chosen("short@0.1")


def test_a_tie_goes_to_less_compute(studied, result):
    results = {run: result(1.0) for run in ("short@0.1", "short@0.2", "long@0.1", "long@0.2")}
    assert studied(results) == Chosen("short@0.1")
    assert studied(results, rank=1) == Chosen("long@0.1")


def test_a_failed_candidate_is_named(studied, result):
    choice = studied({"short@0.1": result(1.0)}, {"short@0.2": "no memory"})
    assert choice == Impossible("a candidate for its start has no result: short@0.2 scaling F0, 1 epochs, lr 0.2")


def test_a_candidate_that_failed_beyond_its_range_is_named_too(sketch, result):
    runs = sketch.cell("cell", (0.1, 0.2), extend=1)
    known = Known({runs[0]: result(2.0), runs[1]: result(1.0)}, {"cell@0.4": "no memory"})
    landscape = Landscape(sketch.plan())
    choice = select(Selection(runs, "holdout.loss", 0), landscape, known, survey(landscape.ladders, known))
    assert isinstance(choice, Impossible)
    assert "cell@0.4" in choice.reason


def test_too_few_networks_is_said_with_the_number(studied, result):
    results = {
        "short@0.1": result(None),
        "short@0.2": result(None),
        "long@0.1": result(1.0),
        "long@0.2": result(None),
    }
    assert studied(results) == Chosen("long@0.1")
    choice = studied(results, rank=1)
    assert isinstance(choice, Impossible)
    assert "number 2 by holdout.loss, but only 1" in choice.reason


def test_nothing_held_out_leaves_no_choice(studied, result):
    done = replace(result(1.0), holdout_loss=None, top1=None)
    choice = studied(dict.fromkeys(("short@0.1", "short@0.2", "long@0.1", "long@0.2"), done))
    assert isinstance(choice, Impossible)
    assert "but none" in choice.reason


def test_learning_rates_that_tuning_left_out_are_not_waited_for(sketch, result):
    runs = sketch.cell("cell", (0.1, 0.2, 0.4), tuner=Monotone(2))
    selection = Selection(runs, "holdout.loss", 0)
    known = Known({runs[2]: result(1.0), runs[1]: result(2.0)}, {})
    landscape = Landscape(sketch.plan())
    assert select(selection, landscape, known, survey(landscape.ladders, known)) == Chosen(runs[2])


def test_networks_that_differ_in_seeds_alone_rank_by_their_mean_and_start_from_their_best(sketch, result):
    """The luckiest run is of the worse network."""
    losses = {"a0": 1.0, "a1": 1.6, "b0": 1.2, "b1": 1.1, "c0": 9.0}
    runs = [run for name in losses for run in sketch.cell(name, (0.1,), replicates=name[0])]
    landscape = Landscape(sketch.plan())
    known = Known({f"{name}@0.1": result(loss) for name, loss in losses.items()}, {})
    verdicts = survey(landscape.ladders, known)
    chosen = [select(Selection(tuple(runs), "holdout.loss", rank), landscape, known, verdicts) for rank in range(4)]
    assert chosen[:3] == [Chosen("b1@0.1"), Chosen("a0@0.1"), Chosen("c0@0.1")]
    assert isinstance(chosen[3], Impossible)
    assert "but only 3" in chosen[3].reason
