"""A study on a terminal and in a log."""

import re
from io import StringIO

import pytest
from rich.console import Console

from nfdsl.study.display.follow import follow, print_closing
from nfdsl.study.engine import carry_out
from nfdsl.study.events import Failed, Finished, Given, Notice, Opened, Progress, Started


@pytest.fixture
def played(sketch, result):
    """The events of a study of three runs, without a worker."""
    runs = sketch.cell("cell")
    plan = sketch.plan()

    def events():
        yield Opened({})
        yield Notice("[red]not markup[/red] :smile:")
        yield Given(runs[0], None, 1)
        yield Started(runs[0], 0, 10)
        for step in range(10):
            yield Progress(runs[0], step + 1, 10, 2.5, 100.0)
        yield Finished(runs[0], result(1.25))
        yield Failed(runs[1], "record 7 cannot be read", 2)

    return plan, events()


def shown(events, plan, **options) -> str:
    console = Console(file=StringIO(), width=100, height=30, **options)
    with pytest.raises(ValueError, match="Closed"):  # these events are cut off
        follow(events, plan, console)
    return console.file.getvalue()


def test_a_log_has_a_line_for_each_change_and_no_control_characters(played):
    plan, events = played
    text = shown(events, plan)
    assert re.sub(r"\[\d:\d\d\] ", "", text).splitlines() == [
        "test study: 3 runs",
        "[red]not markup[/red] :smile:",
        "cell@0.1 scaling F0, 1 epochs, lr 0.1: loading",
        "cell@0.1 scaling F0, 1 epochs, lr 0.1: trains 10 steps",
        "cell@0.1 scaling F0, 1 epochs, lr 0.1: done, held-out loss 1.250, top-1 50.0% (1 of 3 runs)",
        "cell@0.2 scaling F0, 1 epochs, lr 0.2: failed after 2 attempts: record 7 cannot be read",
    ]
    assert text.isascii()
    assert "\x1b" not in text


def test_a_log_line_is_never_broken(sketch):
    plan = sketch.plan()

    def events():
        yield Opened({})
        yield Notice("word " * 100)

    assert len(shown(events(), plan).splitlines()) == 2


def test_progress_is_told_now_and_then(sketch, monkeypatch):
    runs = sketch.cell("cell", images=1000)
    clock = iter(range(1000))
    monkeypatch.setattr("time.monotonic", lambda: float(next(clock)))  # a second for each event

    def events():
        yield Started(runs[0], 0, 100)
        for step in range(20):
            yield Progress(runs[0], step + 1, 100, 2.5, 100.0)

    steps = [int(step) for step in re.findall(r"step (\d+)/", shown(events(), sketch.plan()))]
    assert steps == [6, 11, 16]


def test_a_terminal_keeps_what_went_wrong_and_clears_the_rest(played):
    plan, events = played
    text = shown(events, plan, force_terminal=True, color_system=None)
    assert "\x1b[2K" in text  # the live view is drawn over
    assert "━" in text or "starting" in text or "waiting" in text
    lasting = [line for line in re.sub(r"\x1b\[[?\d;]*[A-Za-z]", "", text).splitlines() if line.startswith("[0:00]")]
    assert [line[7:].rstrip() for line in lasting] == [
        "[red]not markup[/red] :smile:",
        "cell@0.2 scaling F0, 1 epochs, lr 0.2: failed after 2 attempts: record 7 cannot be read",
    ]


def test_a_dumb_terminal_gets_lines(played, monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    plan, events = played
    assert "\x1b[2K" not in shown(events, plan, force_terminal=True)


def test_what_breaks_the_display_stops_the_study(played):
    plan, events = played

    class Full(StringIO):
        def write(self, text: str) -> int:
            raise OSError("no space left on device")

    with pytest.raises(OSError, match="no space"):
        follow(events, plan, Console(file=Full()))
    assert list(events) == []  # closed


@pytest.mark.parametrize("terminal", [True, False])
def test_a_whole_study(sketch, carry, directory, command, terminal):
    sketch.cell("cell")
    plan = sketch.plan()
    carry(plan)
    directory.result_json("cell@0.2").unlink()
    events = carry_out(plan, directory, study_json="{}", plan_json="{}", command=command)
    console = Console(file=StringIO(), width=100, force_terminal=terminal)
    outcome = follow(events, plan, console)
    assert outcome.complete
    print_closing(outcome, plan, console)
    assert "3 runs, 0:0" in console.file.getvalue()
    assert "1 training program for 1 run: 1 compilation" in console.file.getvalue()
