"""All runs together: what is complete, in hand and still to come."""

from nfdsl.schema.training import Monotone
from nfdsl.study.display.board import Board
from nfdsl.study.display.row import State
from nfdsl.study.events import Closed, Compiled, Extended, Finished, Given, Opened, Stopping, Tick, Unneeded
from nfdsl.study.tally import Tally


def test_earlier_results_are_taken_over(sketch, result):
    runs = sketch.cell("cell")
    board = Board(sketch.plan())
    board.observe(Opened({runs[0]: result(1.0)}), 0.0)
    assert [row.state for row in board.rows.values()] == [State.DONE, State.WAITING, State.WAITING]
    assert board.rows[runs[0]].ended is None  # not in this call


def test_time_passes_with_every_event(sketch):
    board = Board(sketch.plan())
    board.observe(Tick(), 3.5)
    assert board.now == 3.5


def test_training_programs_are_counted_once(sketch):
    (run,) = sketch.cell("cell", (0.1,))
    board = Board(sketch.plan())
    for program, kind in (("p", "initialize"), ("p", "train"), ("p", "train"), ("q", "train"), ("r", "evaluate")):
        board.observe(Compiled(run, program, kind, 1.0, False), 0.0)
    assert board.compiled == {"p", "q"}


def test_what_is_in_hand_is_not_to_come(sketch, result):
    grid = sketch.cell("grid")
    tuned = sketch.cell("tuned", images=200, tuner=Monotone(2))
    board = Board(sketch.plan())

    def coming() -> dict[str, int]:
        return {run.cell: count for run, count in board.to_come()}

    assert coming() == {"grid": 3, "tuned": 2}
    board.observe(Given(grid[0], None, 1), 0.0)
    assert [row.run.id for row in board.active()] == [grid[0]]
    assert coming() == {"grid": 2, "tuned": 2}
    for run in (*grid, tuned[2]):
        board.observe(Finished(run, result(1.0)), 1.0)
    assert coming() == {"tuned": 1}
    board.observe(Finished(tuned[1], result(1.0)), 1.0)
    board.observe(Unneeded(tuned[0]), 1.0)
    assert coming() == {}


def test_stopping_and_the_outcome_are_remembered(sketch):
    board = Board(sketch.plan())
    assert not board.stopping
    board.observe(Stopping(), 1.0)
    assert board.stopping
    outcome = Tally(sketch.plan()).outcome(1.0)
    board.observe(Closed(outcome), 1.0)
    assert board.outcome is outcome


def test_a_run_beyond_a_range_gets_its_row_beside_the_others(sketch, result):
    sketch.cell("a", (0.1, 0.2), extend=2)
    sketch.cell("b", (0.1, 0.2))
    board = Board(sketch.plan())
    assert list(board.rows) == ["a@0.1", "a@0.2", "b@0.1", "b@0.2"]
    board.observe(Extended("a@0.4"), 0.0)
    board.observe(Opened({"a@0.05": result(1.0)}), 0.0)
    assert list(board.rows) == ["a@0.05", "a@0.1", "a@0.2", "a@0.4", "b@0.1", "b@0.2"]
    assert board.rows["a@0.05"].result == result(1.0)
