"""What is tried next in one cell, step by step."""

import pytest

from nfdsl.schema.training import Grid, Monotone
from nfdsl.study.landscape import Landscape
from nfdsl.study.tuning.known import Known
from nfdsl.study.tuning.leaning import Lean
from nfdsl.study.tuning.search import expected, wanted

RATES = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)


@pytest.fixture
def asked(sketch, result):
    """Returns what is wanted next of a large cell, at rates given as losses by learning rate; None diverged."""

    def asked(tuner, losses, lean=None, failed=(), rates=RATES):
        sketch.cell("cell", rates, tuner=tuner, extend=tuner.extend)
        sketch.cell("larger", rates, tuner=tuner, images=100_000)
        ladder = Landscape(sketch.plan()).ladders["cell"]
        known = Known({f"cell@{rate}": result(loss) for rate, loss in losses.items()}, dict.fromkeys(failed, "no"))
        if lean is not None:
            ladder = type(ladder)(**vars(ladder) | {"small": False})
        return [run.removeprefix("cell@") for run in wanted(ladder, known, lean)]

    return asked


def test_a_grid_tries_everything_once(asked):
    assert asked(Grid(), {}) == ["0.1", "0.2", "0.4", "0.8", "1.6", "3.2"]


def test_a_grid_tries_what_is_left(asked):
    assert asked(Grid(), {0.1: 2.0, 3.2: None}, failed=["cell@0.2"]) == ["0.4", "0.8", "1.6"]


@pytest.mark.parametrize(
    ("losses", "next_one"),
    [
        ({0.1: 1.0, 0.2: 2.0, 0.4: 3.0}, ["0.05"]),
        ({0.1: 3.0, 0.2: 2.0, 0.4: 1.0}, ["0.8"]),
        ({0.1: 3.0, 0.2: 1.0, 0.4: 2.0}, []),
        ({0.1: 3.0, 0.2: 1.0, 0.4: None}, []),
        ({0.1: None, 0.2: None, 0.4: None}, ["0.05"]),
        ({0.1: 2.0, 0.2: 3.0, 0.4: 4.0, 0.05: 1.0}, ["0.025"]),
        ({0.1: 2.0, 0.2: 3.0, 0.4: 4.0, 0.05: 1.5, 0.025: 1.0}, []),
    ],
)
def test_a_grid_goes_on_at_the_end_where_the_best_is(asked, losses, next_one):
    assert asked(Grid(), losses, rates=(0.1, 0.2, 0.4)) == next_one


def test_failures_extend_nothing(asked):
    assert asked(Grid(), {0.2: 2.0, 0.4: 3.0}, failed=["cell@0.1"], rates=(0.1, 0.2, 0.4)) == []
    assert asked(Grid(), {}, failed=["cell@0.1", "cell@0.2", "cell@0.4"], rates=(0.1, 0.2, 0.4)) == []


LEAN = Lean(0.8, curvature=0.05, refuted=False)  # a second difference of 0.048 between factors of two


@pytest.mark.parametrize(
    ("losses", "next_one"),
    [
        ({}, ["0.8"]),  # where the cells leaned on ended
        ({0.8: 1.0}, ["0.4"]),  # one lower
        ({0.8: None}, ["0.4"]),
        ({0.8: 1.0, 0.4: 1.04}, []),
        ({0.8: 1.0, 0.4: 1.06}, ["1.6"]),  # too steep for an optimum near 0.8
        ({0.8: 1.04, 0.4: 1.0}, []),
        ({0.8: 1.06, 0.4: 1.0}, ["0.2"]),
        ({0.8: None, 0.4: 1.0}, ["0.2"]),  # no slope is known
        ({0.8: None, 0.4: None}, ["0.2"]),
    ],
)
def test_two_trials_are_enough_unless_the_slope_says_otherwise(asked, losses, next_one):
    assert asked(Monotone(2), losses, LEAN) == next_one


def test_where_the_rule_was_refuted_both_sides_are_tried(asked):
    assert asked(Monotone(2), {0.8: 1.0, 0.4: 1.01}, Lean(0.8, 0.05, refuted=True)) == ["1.6"]


def test_without_a_curvature_both_sides_are_tried(asked):
    assert asked(Monotone(2), {0.8: 1.0, 0.4: 1.01}, Lean(0.8, None, refuted=False)) == ["1.6"]


@pytest.mark.parametrize(
    ("losses", "next_one"), [({}, ["3.2"]), ({3.2: 2.0}, ["1.6"]), ({3.2: 2.0, 1.6: 1.0}, ["0.8"])]
)
def test_where_there_is_nothing_to_lean_on_the_search_comes_down_from_the_top(asked, losses, next_one):
    assert asked(Monotone(2), losses) == next_one


def test_an_optimum_at_the_end_of_the_range_is_always_checked(asked):
    low = Lean(0.1, 0.05, refuted=False)
    assert asked(Monotone(2), {0.1: 1.0, 0.05: 1.01}, low) == []
    assert asked(Monotone(2, extend=0), {0.1: 1.0, 0.2: 1.01}, low) == []


def test_the_end_is_checked_beyond_the_trials(asked):
    assert asked(Monotone(2), {0.1: 1.0, 0.2: 1.01}, Lean(0.2, 0.05, refuted=False)) == ["0.05"]


def test_one_trial_is_taken_at_its_word(asked):
    assert asked(Monotone(1), {0.8: 1.0}, LEAN) == []


def test_with_nothing_to_lean_on_both_sides_are_tried_one_by_one(asked):
    assert asked(Monotone(1), {0.8: 1.0}) == ["0.4"]
    assert asked(Monotone(1), {0.8: 1.0, 0.4: 1.1}) == ["1.6"]


@pytest.mark.parametrize(("there", "next_one"), [(1.20, []), (1.22, ["1.6"])])
def test_the_parabola_goes_by_how_far_apart_rates_are(asked, there, next_one):
    """Of curvature 0.05, from a slope of 0.2 or 0.22 over ln(4): a factor of two further its fall is that less 0.1."""
    lean = Lean(0.8, 0.05 / 0.4804530139 / 3 * 2, refuted=False)
    assert asked(Monotone(2), {0.8: 1.0, 0.2: there}, lean, rates=(0.1, 0.2, 0.8, 1.6, 3.2)) == next_one


def test_further_trials_follow_the_better_side(asked):
    assert asked(Monotone(3), {0.8: 1.04, 0.4: 1.0}, LEAN) == ["0.2"]


def test_then_the_other_side(asked):
    assert asked(Monotone(3), {0.8: 1.0, 0.4: 1.04}, LEAN) == ["1.6"]


def test_a_failed_trial_counts(asked):
    assert asked(Monotone(2), {0.4: 1.0}, LEAN, failed=["cell@0.8"]) == []


def test_after_a_failed_first_trial_comes_the_next_lower(asked):
    assert asked(Monotone(2), {}, LEAN, failed=["cell@0.8"]) == ["0.4"]


@pytest.mark.parametrize(("tuner", "count"), [(Grid(), 3), (Monotone(2), 2), (Monotone(9), 3)])
def test_what_a_cell_takes_where_nothing_is_unusual(sketch, tuner, count):
    sketch.cell("cell", tuner=tuner, extend=2)
    assert expected(Landscape(sketch.plan()).ladders["cell"]) == count
