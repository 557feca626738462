"""Runs summed up by block and model."""

from dataclasses import replace

import pytest

from nfdsl.schema.training import Monotone
from nfdsl.study.display.board import Board
from nfdsl.study.display.groups import Compute
from nfdsl.study.events import Failed, Finished, Given, Opened, Progress, Unneeded


@pytest.fixture
def board(sketch) -> Board:
    sketch.cell("a", model="F0")
    sketch.cell("b", model="F1", images=200, tuner=Monotone(2))
    sketch.cell("c", model="F0", block="other")
    return Board(sketch.plan())


def test_a_line_for_each_block_and_model(board, result):
    board.observe(Opened({"a@0.1": result(1.5), "a@0.2": result(None)}), 0.0)
    board.observe(Failed("a@0.4", "why", 3), 1.0)
    board.observe(Given("c@0.1", None, 1), 1.0)
    first, second, third = board.groups(most=3)
    assert (first.block, first.model, first.over, first.total) == ("scaling", "F0", 3, 3)
    assert (first.diverged, first.missing, first.best and first.best.run) == (1, 1, "a@0.1")
    assert (second.model, second.over, second.total, second.best) == ("F1", 0, 2, None)
    assert (third.block, third.over, third.total) == ("other", 0, 3)
    assert (board.whole().over, board.whole().total) == (3, 8)


def test_what_tuning_left_out_is_not_counted(board, result):
    for run, loss in (("b@0.4", 1.0), ("b@0.2", 2.0)):
        board.observe(Finished(run, result(loss)), 1.0)
    board.observe(Unneeded("b@0.1"), 1.0)
    assert (board.groups(most=3)[1].over, board.groups(most=3)[1].total) == (2, 2)


def test_the_best_has_the_least_held_out_loss(board, result):
    results = {"a@0.1": result(1.5), "a@0.2": result(1.2), "a@0.4": replace(result(1.0), holdout_loss=None)}
    board.observe(Opened(results), 0.0)
    best = board.groups(most=3)[0].best
    assert best is not None
    assert (best.run, best.point, best.holdout_loss) == ("a@0.2", "1 epochs, lr 0.2", 1.2)


def test_too_many_models_are_summed_up_by_block_or_not_at_all(board):
    assert [(group.block, group.model, group.total) for group in board.groups(most=2)] == [
        ("scaling", "", 5),
        ("other", "", 3),
    ]
    assert board.groups(most=1) == []


def test_cells_that_are_settled_or_censored_are_counted(board, result):
    board.observe(Opened({"a@0.1": result(1.5), "a@0.2": result(1.0), "a@0.4": result(1.2)}), 0.0)
    first, second, _ = board.groups(most=3)
    assert (first.cells, first.settled, first.censored) == (1, 1, 0)
    assert (second.cells, second.settled, second.censored) == (1, 0, 0)
    for run, loss in (("c@0.1", 1.0), ("c@0.2", 1.1), ("c@0.4", 1.2)):
        board.observe(Finished(run, result(loss)), 1.0)
    assert (board.whole().cells, board.whole().settled, board.whole().censored) == (3, 2, 1)


def test_compute_is_counted_by_the_steps_taken(board, result):
    board.observe(Opened({"a@0.1": result(1.5)}), 0.0)
    board.observe(Given("a@0.2", None, 1), 1.0)
    board.observe(Progress("a@0.2", 5, 10, 2.0, 100.0), 1.0)
    first = board.groups(most=3)[0]
    assert first.spent == Compute(150_000, None)  # a run costs 100,000 FLOPs
    assert first.expected == Compute(300_000, None)


def test_core_hours_are_known_or_not():
    assert Compute(1, 2.0) + Compute(3, 4.0) == Compute(4, 6.0)
    assert Compute(1, 2.0) + Compute(3, None) == Compute(4, None)
