"""How long a study still takes, from what its runs took so far."""

from collections.abc import Iterable
from statistics import fmean, harmonic_mean

from nfdsl.study.display.board import Board
from nfdsl.study.display.row import Row


def seconds_left(board: Board) -> float | None:
    """Returns the time to the end of the study; None before any speed was measured.

    A run still to come takes the time of its images at the speed its program had, plus what runs of
    this call took beyond that (loading, evaluating); a program still to come takes the time others
    took to compile. The speed of a program that has not run is taken from the others, by the compute
    of an image.
    """
    speeds = _speeds(board.rows.values())
    if not speeds:
        return None
    beyond = _beyond(board.rows.values())
    rate = fmean(speed * _flops(board, program) for program, speed in speeds.items())  # FLOPs a second
    seconds = sum(row.seconds_left or row.images_left / _speed(row, speeds, rate) for row in board.active())
    compiling = _compiling(board.rows.values())
    to_compile: set[str] = set()
    for run, count in board.to_come():
        seconds += count * (run.length.images / _speed(board.rows[run.id], speeds, rate) + beyond)
        to_compile.add(run.program)
    to_compile -= {row.run.program for row in board.rows.values() if row.began is not None}
    return seconds + (len(to_compile) * fmean(compiling.values()) if compiling else 0.0)


def _speeds(rows: Iterable[Row]) -> dict[str, float]:
    """Images a second of each program that has run, over equal shares of images of its runs."""
    measured: dict[str, list[float]] = {}
    for row in rows:
        if row.images_per_second:
            measured.setdefault(row.run.program, []).append(row.images_per_second)
    return {program: harmonic_mean(speeds) for program, speeds in measured.items()}


def _beyond(rows: Iterable[Row]) -> float:
    """The mean time that finished runs of this call took beyond training and compiling."""
    spent: list[float] = []
    for row in rows:
        if row.began is not None and row.ended is not None and row.images_per_second:
            share = 1 - row.first_step / row.run.length.steps
            training = share * row.run.length.images / row.images_per_second
            spent.append(max(0.0, row.ended - row.began - training - row.compile_seconds))
    return fmean(spent) if spent else 0.0


def _compiling(rows: Iterable[Row]) -> dict[str, float]:
    """The time this call took to compile each program."""
    seconds: dict[str, float] = {}
    for row in rows:
        if row.compile_seconds:
            seconds[row.run.program] = seconds.get(row.run.program, 0.0) + row.compile_seconds
    return seconds


def _speed(row: Row, speeds: dict[str, float], rate: float) -> float:
    return speeds.get(row.run.program) or rate / _flops_of(row)


def _flops(board: Board, program: str) -> float:
    return next(_flops_of(row) for row in board.rows.values() if row.run.program == program)


def _flops_of(row: Row) -> float:
    """Training FLOPs of one image."""
    return (row.run.train_flops + row.run.sam_flops) / row.run.length.images
