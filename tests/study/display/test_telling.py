"""Events in words."""

from dataclasses import replace

import pytest

from nfdsl.study.display.board import Board
from nfdsl.study.display.telling import tell
from nfdsl.study.events import (
    Compiled,
    Damaged,
    Dropped,
    Evaluated,
    Extended,
    Failed,
    Finished,
    Given,
    Notice,
    NotRun,
    Opened,
    Progress,
    Retried,
    Saved,
    Started,
    Stopped,
    Stopping,
    Tick,
    Unneeded,
    WorkerStarted,
)

RUN = "cell@0.1"


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (Given(RUN, None, 1), "loading"),
        (Given(RUN, "other", 2), "loading, from the weights of other, attempt 2"),
        (Started(RUN, 0, 1000), "trains 1,000 steps"),
        (Started(RUN, 10, 1000), "continues at step 10 of 1,000"),
        (Compiled(RUN, "p", "train", 1.26, False), "train program compiled in 1.3 s"),
        (Compiled(RUN, "p", "evaluate", 1.0, True), "evaluate program loaded in 1.0 s"),
        (Damaged(RUN, 3), "the checkpoint of step 3 is damaged and left out"),
        (Progress(RUN, 5, 10, 2.5, 100.0), "step 5/10, loss 2.500, 100 images/s"),
        (Progress(RUN, 5, 10, None, None), "step 5/10, loss not finite"),
        (Saved(RUN, 5), "saved at step 5"),
        (Evaluated(RUN, 5, 1.25, 0.5, 0.9), "evaluated at step 5, held-out loss 1.250, top-1 50.0%"),
        (Evaluated(RUN, 5, None, None, None), "evaluated at step 5"),
        (Stopped(RUN, 5), "stopped at step 5"),
        (Retried(RUN, "why", 1, 3), "attempt 1 of 3 failed, trying again: why"),
        (Extended(RUN), "added beyond the range, at the end of which the best learning rate so far lies"),
        (Dropped(RUN, "it began from a"), "is done again: it began from a"),
        (Failed(RUN, "why", 3), "failed after 3 attempts: why"),
        (NotRun(RUN, "why"), "not run: why"),
        (Unneeded(RUN), "not needed, tuning has settled without it"),
    ],
)
def test_what_happens_to_a_run(sketch, event, words):
    sketch.cell("cell")
    assert tell(event, Board(sketch.plan())) == f"cell@0.1 scaling F0, 1 epochs, lr 0.1: {words}"


def test_ends_say_how_far_the_study_is(sketch, result):
    sketch.cell("cell")
    board = Board(sketch.plan())
    for event, words in (
        (Finished(RUN, result(1.25)), "done, held-out loss 1.250, top-1 50.0% (1 of 3 runs)"),
        (Finished("cell@0.2", result(None)), "diverged at step 10 (2 of 3 runs)"),
    ):
        board.observe(event, 1.0)
        told = tell(event, board)
        assert told is not None
        assert told.endswith(f": {words}")


def test_an_end_tells_what_probes_found(sketch, result):
    sketch.cell("cell")
    board = Board(sketch.plan())
    event = Finished(RUN, replace(result(1.25), accuracies={"1-shot": 0.25, "5-shot": 0.375}))
    board.observe(event, 1.0)
    told = tell(event, board)
    assert told is not None
    assert "top-1 50.0%, 1-shot 25.0%, 5-shot 37.5% (1 of 3 runs)" in told


def test_time_left_is_told_while_training(sketch):
    sketch.cell("cell")
    board = Board(sketch.plan())
    for event in (Started(RUN, 0, 10), progress := Progress(RUN, 5, 10, 2.5, 10.0)):
        board.observe(event, 1.0)
    told = tell(progress, board)
    assert told is not None
    assert told.endswith("10 images/s, 0:05 left")


def test_the_study_itself(sketch, result):
    sketch.cell("cell")
    board = Board(sketch.plan())
    assert tell(Opened({}), board) == "test study: 3 runs"
    again = Opened({RUN: result(1.0)})
    board.observe(again, 0.0)
    assert tell(again, board) == "test study: 3 runs, 1 of them already complete"
    assert tell(Notice("as it is"), board) == "as it is"
    assert tell(WorkerStarted(1), board) == "a worker is starting"
    assert tell(Stopping(), board) == "stopping: the worker saves and leaves"


def test_nothing_is_said_of_nothing(sketch):
    assert tell(Tick(), Board(sketch.plan())) is None
