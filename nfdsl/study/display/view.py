"""The live view of a study: frames never taller or wider than the terminal."""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Group as Stack
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from nfdsl.plan import PlannedRun
from nfdsl.study.display.board import Board
from nfdsl.study.display.columns import BAR, Cell, Column, column, plain, table
from nfdsl.study.display.estimate import seconds_left
from nfdsl.study.display.groups import Group
from nfdsl.study.display.row import Row, State
from nfdsl.study.display.summary import bar, state_line, summary_table
from nfdsl.study.landscape import swept
from nfdsl.study.numerals import clock, count, loss, percent, speed
from nfdsl.study.tuning.search import expected

_STYLES = {
    State.WAITING: "",
    State.STARTING: "cyan",
    State.RUNNING: "cyan",
    State.DONE: "green",
    State.DIVERGED: "yellow",
    State.FAILED: "bold red",
    State.NOT_RUN: "red",
    State.UNNEEDED: "",
}
_NEXT = 5  # runs shown that come next
_TALL = 8  # lines, from which on the state of the study has one of its own


class View:
    """Draws a board. Widths are those of the whole study, so that columns stay where they are."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._words = {run: _words(planned) for run, planned in board.landscape.runs.items()}
        ladders = board.landscape.ladders.values()
        self._optional = {run for each in ladders if expected(each) < len(each.range) for run in each.range}
        self._widths: dict[str, int] = {}
        for words in self._words.values():
            for name, text in words.items():
                self._widths[name] = max(cell_len(text), self._widths.get(name, 0))

    def frame(self, width: int, height: int) -> RenderableType:
        """Returns what fits into `height` lines of `width` columns.

        All runs where they fit, else a summary and the runs that have just ended, are running or come next.
        """
        header = self._header(self._board.whole(), width)[: 2 if height >= _TALL else 1]
        room, rows = height - len(header) - 2, list(self._board.rows.values())  # a blank line, the columns' names
        if len(rows) <= room:
            return Stack(*header, Text(), self._runs(rows, width))
        summary = self._board.groups(most=(room - 2) // 2)
        room -= len(summary) + 2 if summary else 0
        runs = self._runs(passing(self._board, max(1, room)), width)
        parts = [summary_table(summary, width), Text()] if summary else []
        return Stack(*header, Text(), *parts, runs)

    def _header(self, study: Group, width: int) -> tuple[Text, Text]:
        board, over, total = self._board, study.over, study.total
        left = seconds_left(board)
        parts = [f"{over:,} of {count(total, 'run')}", f"elapsed {clock(board.now)}"]
        if board.stopping:
            parts.append("stopping (Ctrl-C again leaves at once)")
        elif board.worker_starts:
            parts.append("a worker is starting")
        elif left is not None and over < total:
            parts.append(f"about {clock(left)} left")
        parts.append(f"{len(board.compiled)}/{count(len(board.plan.programs), 'program')} compiled")
        line, state = Text("  ").join([plain(board.plan.study, "bold"), *map(plain, parts)]), plain(state_line(study))
        line.truncate(width, overflow="ellipsis")
        state.truncate(width, overflow="ellipsis")
        return line, state

    def _runs(self, rows: Sequence[Row], width: int) -> Table:
        """One line for each of `rows`."""
        return table(
            [
                self._column("run", rows, spare=6),
                self._column("block", rows, spare=4),
                self._column("model", rows),
                self._column("varied", rows),
                self._column("lr", rows, right=True),
                Column("state", [self._state(row) for row in rows], BAR),
                column("step", map(_step, rows), width=self._widths.get("step", 0), right=True),
                column("loss", (loss(row.loss) for row in rows), width=6, spare=2, right=True),
                column("held-out", map(_held_out, rows), width=8, right=True),
                column("top-1", map(_top1, rows), width=6, right=True),
                column("images/s", (speed(row.images_per_second) for row in rows), width=8, spare=5, right=True),
                column("left", map(_left, rows), width=5, spare=3, right=True),
            ],
            ["dim" if row.state in (State.WAITING, State.UNNEEDED) else "" for row in rows],
            width,
        )

    def _state(self, row: Row) -> Cell:
        if row.state is State.RUNNING:
            return bar(row.step, row.run.length.steps)
        optional = row.state is State.WAITING and row.run.id in self._optional
        return plain("if needed" if optional else row.state.value, _STYLES[row.state])

    def _column(self, name: str, rows: Sequence[Row], *, spare: int = 0, right: bool = False) -> Column:
        texts = (self._words[row.run.id][name] for row in rows)
        return column(name, texts, width=self._widths.get(name, 0), spare=spare, right=right)


def passing(board: Board, most: int) -> list[Row]:
    """Returns at most `most` runs in the order of time: what has just ended, what is active, and a few of the next."""
    active = board.active()[:most]
    ended = sorted((row for row in board.rows.values() if row.ended is not None), key=lambda row: row.ended or 0)
    waiting = [row for row in board.rows.values() if row.state is State.WAITING]
    room = most - len(active)
    coming = min(len(waiting), room // 3, _NEXT)
    just = min(len(ended), room - coming)
    return [*ended[len(ended) - just :], *active, *waiting[:coming]]


def _words(run: PlannedRun) -> dict[str, str]:
    """What never changes in a run's line."""
    return {
        "run": run.id[:8],
        "block": run.block,
        "model": run.label,
        "varied": ", ".join(swept(run)),
        "lr": f"{run.lr:g}",
        "step": f"{run.length.steps:,}/{run.length.steps:,}",
    }


def _step(row: Row) -> str:
    return f"{row.step:,}/{row.run.length.steps:,}" if row.step or row.active else f"{row.run.length.steps:,}"


def _held_out(row: Row) -> str:
    return "" if row.result is None else loss(row.result.holdout_loss)


def _top1(row: Row) -> str:
    return "" if row.result is None else percent(row.result.top1)


def _left(row: Row) -> str:
    return "" if row.seconds_left is None else clock(row.seconds_left)
