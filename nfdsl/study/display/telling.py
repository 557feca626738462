"""What happens in a study, in words: one line an event."""

from typing import assert_never

from nfdsl.study.display.board import Board
from nfdsl.study.events import (
    Closed,
    Compiled,
    Damaged,
    Dropped,
    EndEvent,
    Evaluated,
    Extended,
    Failed,
    Finished,
    Given,
    Joined,
    Left,
    Notice,
    NotRun,
    Opened,
    Progress,
    Retried,
    RunEvent,
    Saved,
    Started,
    Stopped,
    Stopping,
    StudyEvent,
    Tick,
    Unneeded,
    WorkerStarted,
)
from nfdsl.study.landscape import describe
from nfdsl.study.numerals import clock, count, loss, percent, speed
from nfdsl.study.result import Result


def tell(event: StudyEvent, board: Board) -> str | None:
    """Returns the words for `event`, which `board` has observed; None where there is nothing to say."""
    match event:
        case Opened(results):
            return _opened(board, bool(results))
        case Notice(text):
            return text
        case Stopping():
            return "stopping: the worker saves and leaves"
        case WorkerStarted():
            return "a worker is starting"
        case Tick() | Closed() | Joined() | Left():
            return None
        case _:
            return f"{describe(board.rows[event.run].run)}: {_of_run(event, board)}"


def _opened(board: Board, continued: bool) -> str:
    study = board.whole()
    already = f", {study.over:,} of them already complete" if continued else ""
    return f"{board.plan.study}: {count(study.total, 'run')}{already}"


def _of_run(event: RunEvent, board: Board) -> str:
    match event:
        case Given(_, start, attempt):
            origin = "" if start is None else f", from the weights of {start}"
            return "loading" + origin + (f", attempt {attempt}" if attempt > 1 else "")
        case Started(_, step, steps):
            return f"trains {count(steps, 'step')}" if step == 0 else f"continues at step {step:,} of {steps:,}"
        case Compiled(_, _, kind, seconds, cached):
            return f"{kind} program {'loaded' if cached else 'compiled'} in {seconds:.1f} s"
        case Damaged(_, step):
            return f"the checkpoint of step {step:,} is damaged and left out"
        case Progress() | Evaluated():
            return _reached(event, board)
        case Saved(_, step):
            return f"saved at step {step:,}"
        case Stopped(_, step):
            return f"stopped at step {step:,}"
        case Extended():
            return "added beyond the range, at the end of which the best learning rate so far lies"
        case Dropped(_, reason):
            return f"is done again: {reason}"
        case _:
            return _end(event, board)


def _end(event: EndEvent, board: Board) -> str:
    match event:
        case Finished(_, result):
            study = board.whole()
            return f"{_result(result)} ({study.over:,} of {count(study.total, 'run')})"
        case Retried(_, reason, attempt, attempts):
            return f"attempt {attempt} of {attempts} failed, trying again: {reason}"
        case Failed(_, reason, attempts):
            return f"failed after {count(attempts, 'attempt')}: {reason}"
        case NotRun(_, reason):
            return f"not run: {reason}"
        case Unneeded():
            return "not needed, tuning has settled without it"
        case _:
            assert_never(event)


def _reached(event: Progress | Evaluated, board: Board) -> str:
    if isinstance(event, Evaluated):
        return ", ".join((f"evaluated at step {event.step:,}", *_measured(event.holdout_loss, event.top1)))
    left = board.rows[event.run].seconds_left
    parts = (
        f"step {event.step:,}/{event.steps:,}",
        f"loss {loss(event.loss) or 'not finite'}",
        f"{speed(event.images_per_second)} images/s" if event.images_per_second else "",
        f"{clock(left)} left" if left is not None else "",
    )
    return ", ".join(part for part in parts if part)


def _result(result: Result) -> str:
    if result.state == "diverged":
        return f"diverged at step {result.step:,}"
    others = (f"{name} {percent(accuracy)}" for name, accuracy in result.accuracies.items())
    return ", ".join(("done", *_measured(result.holdout_loss, result.top1), *others))


def _measured(holdout_loss: float | None, top1: float | None) -> list[str]:
    losses = [] if holdout_loss is None else [f"held-out loss {loss(holdout_loss)}"]
    return losses if top1 is None else [*losses, f"top-1 {percent(top1)}"]
