"""Runs summed up by block and model."""

from dataclasses import replace

import pytest

from nfdsl.schema.training import Monotone
from nfdsl.study.display.board import Board
from nfdsl.study.display.groups import groups, totals
from nfdsl.study.events import Failed, Finished, Given, Opened, Unneeded


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
    first, second, third = groups(board, most=3)
    assert (first.block, first.model, first.over, first.total) == ("scaling", "F0", 3, 3)
    assert (first.diverged, first.missing, first.best) == (1, 1, board.rows["a@0.1"])
    assert (second.model, second.over, second.total, second.best) == ("F1", 0, 2, None)
    assert (third.block, third.over, third.total) == ("other", 0, 3)
    assert totals(board) == (3, 8)


def test_what_tuning_left_out_is_not_counted(board, result):
    for run in ("b@0.4", "b@0.2"):
        board.observe(Finished(run, result(1.0)), 1.0)
    board.observe(Unneeded("b@0.1"), 1.0)
    assert (groups(board, most=3)[1].over, groups(board, most=3)[1].total) == (2, 2)


def test_the_best_has_the_least_held_out_loss(board, result):
    results = {"a@0.1": result(1.5), "a@0.2": result(1.2), "a@0.4": replace(result(1.0), holdout_loss=None)}
    board.observe(Opened(results), 0.0)
    assert groups(board, most=3)[0].best is board.rows["a@0.2"]


def test_too_many_models_are_summed_up_by_block_or_not_at_all(board):
    assert [(group.block, group.model, group.total) for group in groups(board, most=2)] == [
        ("scaling", "", 5),
        ("other", "", 3),
    ]
    assert groups(board, most=1) == []
