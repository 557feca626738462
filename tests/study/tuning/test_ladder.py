"""The best of a cell, and where its range lies among all its learning rates."""

from nfdsl.schema.training import Grid
from nfdsl.study.landscape import Landscape
from nfdsl.study.tuning.ladder import Ladder


def ladder(sketch, **special) -> Ladder:
    sketch.cell("cell", **special)
    return Landscape(sketch.plan()).ladders["cell"]


def test_the_best_run_is_the_one_of_least_loss(sketch, result):
    cell = ladder(sketch)
    low, mid, high = cell.runs
    assert cell.best({}) is None
    assert cell.best({low: result(2.0), mid: result(1.0), high: result(3.0)}) == 1
    assert cell.best({low: result(None), high: result(3.0)}) == 2
    assert cell.best({low: result(None)}) is None


def test_a_tie_goes_to_the_lower_learning_rate(sketch, result):
    cell = ladder(sketch)
    assert cell.best({cell.runs[2]: result(1.0), cell.runs[1]: result(1.0), cell.runs[0]: result(2.0)}) == 1


def test_error_ranks_by_top1(sketch, result):
    cell = ladder(sketch, minimizing="holdout.error")
    assert cell.best({cell.runs[0]: result(1.0, top1=0.5), cell.runs[1]: result(2.0, top1=0.6)}) == 1


def test_the_range_lies_between_its_extensions(sketch):
    cell = ladder(sketch, tuner=Grid(), extend=2)
    assert cell.rates == (0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
    assert cell.range == ("cell@0.1", "cell@0.2", "cell@0.4")
    assert [cell.within(place) for place in range(-1, 8)] == [False] * 3 + [True] * 3 + [False] * 3
    assert cell.top == 4


def test_the_place_of_a_rate_of_another_cell(sketch):
    cell = ladder(sketch)
    assert [cell.at_most(rate) for rate in (0.05, 0.1, 0.3, 0.4, 9)] == [0, 0, 1, 2, 2]
