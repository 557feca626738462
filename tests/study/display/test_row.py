"""One run as its events leave it."""

import pytest

from nfdsl.study.display.row import Row, State
from nfdsl.study.events import Compiled, Failed, Finished, Given, NotRun, Progress, Retried, Started, Stopped, Unneeded


@pytest.fixture
def row(sketch) -> Row:
    sketch.cell("cell", (0.1,), images=200)  # 20 steps
    return Row(sketch.runs[0])


def test_the_way_of_a_run(row, result):
    assert (row.state, row.over, row.active) == (State.WAITING, False, False)
    row.observe(Given("r", None, 1), 1.0)
    assert (row.state, row.active) == (State.STARTING, True)
    row.observe(Started("r", 5, 20), 2.0)
    row.observe(Compiled("r", "p", "train", 1.0, False), 3.0)
    assert (row.state, row.step, row.first_step, row.compile_seconds) == (State.STARTING, 5, 5, 1.0)
    row.observe(Progress("r", 10, 20, 2.5, 50.0), 4.0)
    assert (row.state, row.step, row.loss, row.images_per_second) == (State.RUNNING, 10, 2.5, 50.0)
    assert row.images_left == 100
    assert row.seconds_left == 2.0
    row.observe(Finished("r", result(1.5)), 5.0)
    assert (row.state, row.over, row.active, row.seconds_left) == (State.DONE, True, False, None)
    assert (row.began, row.ended, row.result) == (1.0, 5.0, result(1.5))


@pytest.mark.parametrize(
    ("event", "state", "over"),
    [
        (Stopped("r", 3), State.WAITING, False),
        (Retried("r", "why", 1, 3), State.WAITING, False),
        (Failed("r", "why", 3), State.FAILED, True),
        (NotRun("r", "why"), State.NOT_RUN, True),
        (Unneeded("r"), State.UNNEEDED, True),
    ],
)
def test_other_ends(row, event, state, over):
    row.observe(Given("r", None, 1), 1.0)
    row.observe(event, 2.0)
    assert (row.state, row.over, row.active) == (state, over, False)


def test_divergence_is_an_end_of_its_own(row, result):
    row.observe(Finished("r", result(None)), 1.0)
    assert (row.state, row.over) == (State.DIVERGED, True)


def test_no_speed_no_time_left(row):
    row.observe(Progress("r", 1, 20, 2.5, None), 1.0)
    assert row.seconds_left is None
    row.observe(Progress("r", 1, 20, 2.5, 0.0), 1.0)
    assert row.seconds_left is None


def test_the_first_attempt_is_the_beginning(row):
    row.observe(Given("r", None, 1), 1.0)
    row.observe(Retried("r", "why", 1, 3), 2.0)
    row.observe(Given("r", None, 2), 3.0)
    assert row.began == 1.0
