"""Frames that fit the terminal and show what matters."""

from io import StringIO

import pytest
from rich.console import Console

from nfdsl.schema.training import Monotone
from nfdsl.study.display.board import Board
from nfdsl.study.display.view import View, passing
from nfdsl.study.events import Failed, Finished, Given, Opened, Progress, Started, Stopping, StudyEvent, WorkerStarted


def frame(board: Board, width: int = 100, height: int = 40) -> list[str]:
    console = Console(file=StringIO(), width=width, height=height)
    console.print(View(board).frame(width, height))
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def observe(board: Board, *events: StudyEvent) -> None:
    for now, event in enumerate(events):
        board.observe(event, float(now))


@pytest.fixture
def large(sketch) -> Board:
    """A study of 216 runs."""
    for model in range(6):
        for images in (25, 50, 100, 200, 400, 800):
            sketch.cell(f"{model}-{images}", (0.1, 0.2, 0.4, 0.8, 1.6, 3.2), model=f"F{model}", images=images)
    return Board(sketch.plan())


def test_a_small_study_is_shown_whole(sketch, result):
    runs = sketch.cell("cell", images=10_000)
    board = Board(sketch.plan())
    observe(
        board,
        Given(runs[0], None, 1),
        Finished(runs[0], result(1.2345, top1=0.978)),
        Given(runs[1], None, 1),
        Started(runs[1], 0, 1000),
        Progress(runs[1], 500, 1000, 2.5, 100.0),
    )
    header, state, blank, names, *lines = frame(board, width=110)
    assert header == "test study  1 of 3 runs  elapsed 0:04  about 1:45 left  0/1 program compiled"
    assert state == "0 of 1 cell settled; 25.4% of 2.01e+07 training FLOPs spent"  # the result is of 10 steps
    assert blank == ""
    assert " ".join(names.split()) == "run block model varied lr state step loss held-out top-1 images/s left"
    done, running, waiting = lines
    assert "done" in done
    assert done.endswith("1.234   97.8%     1,000")
    assert "━━━━━  " in running
    assert running.endswith("500/1,000   2.500                         100   0:50")
    assert "waiting" in waiting


def test_a_large_study_is_summed_up(large, result):
    runs = list(large.rows)
    observe(large, *(Finished(run, result(1.0)) for run in runs[:50]), Given(runs[50], None, 1))
    lines = frame(large)
    assert len(lines) <= 40
    assert lines[0].startswith("test study  50 of 216 runs")
    assert lines[3].split()[:4] == ["block", "model", "progress", "runs"]
    assert lines[4].split()[:2] == ["scaling", "F0"]
    assert "36/36" in lines[4]
    assert "14/36" in lines[5]
    assert any("starting" in line for line in lines)
    assert sum("waiting" in line for line in lines) == 5


@pytest.mark.parametrize("width", [20, 40, 60, 80, 100, 200])
@pytest.mark.parametrize("height", [4, 6, 10, 24, 60])
def test_no_frame_is_larger_than_the_terminal(large, result, width, height):
    runs = list(large.rows)
    observe(
        large,
        Opened({run: result(1.0) for run in runs[:10]}),
        *(Finished(run, result(1.0)) for run in runs[10:60]),
        Failed(runs[60], "why", 3),
        Given(runs[61], None, 1),
        Started(runs[61], 0, 10),
        Progress(runs[61], 1, 10, 1.0, 100.0),
    )
    lines = frame(large, width, height)
    assert len(lines) <= height
    assert max(map(len, lines)) <= width


def test_the_active_run_is_always_shown(large):
    active = list(large.rows)[100]
    observe(large, Given(active, None, 1))
    for room in (1, 2, 3, 10, 300):
        assert large.rows[active] in passing(large, room)


def test_runs_pass_in_the_order_of_time(large, result):
    runs = list(large.rows)
    observe(large, *(Finished(run, result(1.0)) for run in (runs[5], runs[3], runs[9])), Given(runs[0], None, 1))
    shown = [row.run.id for row in passing(large, 5)]
    assert shown == [runs[5], runs[3], runs[9], runs[0], runs[1]]
    assert [row.run.id for row in passing(large, 3)] == [runs[3], runs[9], runs[0]]


def test_runs_that_tuning_may_leave_out_say_so(sketch):
    sketch.cell("tuned", tuner=Monotone(2))
    sketch.cell("grid", model="F1")
    lines = frame(Board(sketch.plan()))[4:]
    assert ["if needed" in line for line in lines] == [True, True, True, False, False, False]


def test_stopping_is_said(sketch):
    sketch.cell("cell")
    board = Board(sketch.plan())
    observe(board, Stopping())
    assert "stopping (Ctrl-C again leaves at once)" in frame(board)[0]


def test_waiting_for_a_worker_is_said(sketch):
    runs = sketch.cell("cell")
    board = Board(sketch.plan())
    observe(board, WorkerStarted(1))
    assert "a worker is starting" in frame(board)[0]
    observe(board, Given(runs[0], None, 1))
    assert "a worker is starting" not in frame(board)[0]


def test_names_are_not_markup(sketch):
    sketch.cell("[red]cell", block="[bold]block[/bold]", images=100)
    lines = frame(Board(sketch.plan()), width=200)
    assert any("[bold]block[/bold]" in line for line in lines)
    assert any("[red]cel" in line for line in lines)
