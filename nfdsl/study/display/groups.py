"""The runs of a study summed up by block and model."""

from collections.abc import Sequence
from dataclasses import dataclass

from nfdsl.study.display.board import Board
from nfdsl.study.display.row import Row, State


@dataclass(frozen=True)
class Group:
    """Runs summed up in one line."""

    block: str
    model: str  # empty for all models of the block
    over: int  # ended with a result or without
    total: int  # that are carried out at all; tuning may leave some out
    diverged: int
    missing: int  # failed or not run
    best: Row | None  # of least held-out loss


def groups(board: Board, most: int) -> list[Group]:
    """Returns a line for each block and model, or for each block where those were more than `most`, or none."""
    fine = _groups(board, by_model=True)
    if len(fine) <= most:
        return fine
    coarse = _groups(board, by_model=False)
    return coarse if len(coarse) <= most else []


def totals(board: Board) -> tuple[int, int]:
    """Returns how many runs are over and how many are carried out at all."""
    everything = _groups(board, by_model=False)
    return sum(group.over for group in everything), sum(group.total for group in everything)


def _groups(board: Board, *, by_model: bool) -> list[Group]:
    rows: dict[tuple[str, str], list[Row]] = {}
    for row in board.rows.values():
        rows.setdefault((row.run.block, row.run.label if by_model else ""), []).append(row)
    coming = dict.fromkeys(rows, 0)
    for run, count in board.to_come():
        coming[run.block, run.label if by_model else ""] += count
    return [_group(block, model, members, coming[block, model]) for (block, model), members in rows.items()]


def _group(block: str, model: str, rows: Sequence[Row], coming: int) -> Group:
    over = sum(row.over and row.state is not State.UNNEEDED for row in rows)
    return Group(
        block=block,
        model=model,
        over=over,
        total=over + sum(row.active for row in rows) + coming,
        diverged=sum(row.state is State.DIVERGED for row in rows),
        missing=sum(row.state in (State.FAILED, State.NOT_RUN) for row in rows),
        best=min((row for row in rows if _held_out(row) is not None), key=_order, default=None),
    )


def _held_out(row: Row) -> float | None:
    return None if row.result is None else row.result.holdout_loss


def _order(row: Row) -> float:
    value = _held_out(row)
    return float("inf") if value is None else value
