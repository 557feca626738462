"""The time a study still takes."""

import pytest

from nfdsl.study.display.board import Board
from nfdsl.study.display.estimate import seconds_left
from nfdsl.study.events import Compiled, Finished, Given, Opened, Progress, Started


def finish(board: Board, run: str, result, began: float, ended: float) -> None:
    board.observe(Given(run, None, 1), began)
    board.observe(Started(run, 0, 10), began)
    board.observe(Finished(run, result), ended)


def test_nothing_measured_nothing_estimated(sketch):
    sketch.cell("cell")
    board = Board(sketch.plan())
    assert seconds_left(board) is None
    board.observe(Given("cell@0.1", None, 1), 0.0)
    assert seconds_left(board) is None


def test_a_finished_study_takes_no_time(sketch, result):
    runs = sketch.cell("cell")
    board = Board(sketch.plan())
    board.observe(Opened({run: result(1.0) for run in runs}), 0.0)
    assert seconds_left(board) == 0


def test_the_rest_of_the_run_and_the_runs_to_come(sketch):
    runs = sketch.cell("cell", images=1000)  # 100 steps
    board = Board(sketch.plan())
    board.observe(Given(runs[0], None, 1), 0.0)
    board.observe(Started(runs[0], 0, 100), 0.0)
    board.observe(Progress(runs[0], 25, 100, 1.0, 50.0), 5.0)
    assert seconds_left(board) == pytest.approx(15 + 2 * 20)


def test_time_beyond_training_is_counted_in(sketch, result):
    runs = sketch.cell("cell", (0.1, 0.2, 0.4, 0.8), images=1000)
    board = Board(sketch.plan())
    finish(board, runs[0], result(1.0), 0.0, 5.0)  # 1 s of training at 1000 images/s, 4 s beyond
    finish(board, runs[1], result(1.0), 5.0, 8.0)  # 2 s beyond
    assert seconds_left(board) == pytest.approx(2 * (1 + 3))


def test_a_continued_run_trained_only_the_rest(sketch, result):
    runs = sketch.cell("cell", (0.1, 0.2), images=1000)
    board = Board(sketch.plan())
    board.observe(Given(runs[0], None, 1), 0.0)
    board.observe(Started(runs[0], 50, 100), 0.0)
    board.observe(Finished(runs[0], result(1.0)), 2.5)  # 0.5 s of training
    assert seconds_left(board) == pytest.approx(1 + 2)


def test_another_program_is_estimated_by_its_compute(sketch, result):
    small = sketch.cell("small", (0.1,), model="F0", images=1000)
    sketch.cell("large", (0.1,), model="F3", images=500)  # four times the compute of an image
    board = Board(sketch.plan())
    board.observe(Opened({small[0]: result(1.0)}), 0.0)  # 1000 images/s
    assert seconds_left(board) == pytest.approx(4 * 500 / 1000)


def test_programs_to_come_are_compiled_once_each(sketch, result):
    small = sketch.cell("small", (0.1, 0.2), model="F0", images=1000)
    sketch.cell("large", (0.1, 0.2), model="F1", images=500)  # twice the compute of an image
    board = Board(sketch.plan())
    board.observe(Given(small[0], None, 1), 0.0)
    board.observe(Compiled(small[0], "p", "train", 7.0, False), 7.0)
    board.observe(Finished(small[0], result(1.0)), 8.0)  # 1 s of training
    assert seconds_left(board) == pytest.approx(1 + 2 * 1 + 7)
