"""Shows a study while it is carried out: a live view on a terminal, plain lines elsewhere."""

import time
from collections.abc import Generator, Iterator
from contextlib import closing

from rich.console import Console
from rich.live import Live
from rich.text import Text

from nfdsl.plan import Plan
from nfdsl.study.display.board import Board
from nfdsl.study.display.closing import summary
from nfdsl.study.display.telling import tell
from nfdsl.study.display.view import View
from nfdsl.study.events import (
    Damaged,
    Dropped,
    Extended,
    Failed,
    Joined,
    Left,
    Notice,
    Progress,
    Retried,
    Saved,
    Stopping,
    StudyEvent,
)
from nfdsl.study.numerals import clock
from nfdsl.study.outcome import Outcome

_FRAME_SECONDS = 0.5  # drawing takes time from training: some 25 ms with 200 runs
_PROGRESS_SECONDS = 5.0  # between two plain lines of progress of one run


def attend(events: Iterator[StudyEvent], console: Console) -> Left | None:
    """Returns None on the first of several hosts, as soon as that is known; on others how it ended, once it has."""
    for event in events:
        match event:
            case Joined(0, _):
                return None
            case Joined(process, processes):
                text = f"process {process} of {processes}, from 0: the first one tells how the study goes"
                console.print(text, highlight=False)
            case Stopping():
                console.print("stopping: all hosts save and leave")
            case Left():
                return event
            case _:
                pass
    raise ValueError("the last event on a host that is not the first one is Left")


def follow(events: Generator[StudyEvent, None, None], plan: Plan, console: Console) -> Outcome:
    """Shows `events` to their end and returns the outcome.

    On a terminal nothing of the live view stays but what went wrong; `print_closing` goes below it.
    """
    board = Board(plan)
    show = _live if console.is_terminal and not console.is_dumb_terminal else _lines
    with closing(events):
        show(_observed(events, board), board, console)
    if board.outcome is None:
        raise ValueError("the last event of a study is Closed")
    return board.outcome


def print_closing(outcome: Outcome, plan: Plan, console: Console) -> None:
    """Prints what the study came to: counts, what is missing and why, compilations."""
    console.print(summary(outcome, plan))


def _observed(events: Iterator[StudyEvent], board: Board) -> Iterator[StudyEvent]:
    began = time.monotonic()
    for event in events:
        board.observe(event, time.monotonic() - began)
        yield event


def _live(events: Iterator[StudyEvent], board: Board, console: Console) -> None:
    """Redraws the view a few times a second; what went wrong stays above it."""
    view = View(board)
    drawn = float("-inf")
    with Live(console=console, auto_refresh=False, transient=True) as live:
        for event in events:
            if isinstance(event, Damaged | Dropped | Extended | Failed | Notice | Retried):
                _say(event, board, console)
            if board.now - drawn >= _FRAME_SECONDS:
                live.update(view.frame(console.width, console.height - 1), refresh=True)
                drawn = board.now


def _lines(events: Iterator[StudyEvent], board: Board, console: Console) -> None:
    """Prints a line for each change, and for progress now and then."""
    told: dict[str, float] = {}  # when each run's progress was told last
    for event in events:
        if not isinstance(event, Progress | Saved):
            _say(event, board, console)
        elif board.now - told.setdefault(event.run, board.now) >= _PROGRESS_SECONDS:
            told[event.run] = board.now
            _say(event, board, console)


def _say(event: StudyEvent, board: Board, console: Console) -> None:
    words = tell(event, board)
    if words is not None:
        line = f"[{clock(board.now)}] {' '.join(words.split())}"
        console.print(Text(line), soft_wrap=not console.is_terminal)
