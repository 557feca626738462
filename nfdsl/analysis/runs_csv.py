"""The runs of a study from the table that its report writes of them all, `figures/runs.csv`."""

from math import isfinite
from pathlib import Path
from typing import TypeVar, get_args

from nfdsl.analysis.csv_table import Cells, number, table_rows
from nfdsl.analysis.numerals import listed
from nfdsl.analysis.points import FitError
from nfdsl.analysis.run_numbers import ALL_HEADINGS, LABEL
from nfdsl.schema.evaluation import Metric
from nfdsl.schema.training import TrainingKind
from nfdsl.study.records import Record, State

_KINDS: tuple[TrainingKind, ...] = get_args(TrainingKind)
_STATES: tuple[State, ...] = get_args(State)
_METRICS: tuple[Metric, ...] = get_args(Metric)

_WordT = TypeVar("_WordT", bound=str)


def read_runs(path: Path) -> tuple[Record, ...]:
    """Returns what laws and the choice of learning rates need of every run; nothing for a table of another kind.

    Raises:
      FitError: the table cannot be read, or a row is not as it was written.
    """
    header, rows = table_rows(path)
    return tuple(_record(line, cells) for line, cells in rows) if set(ALL_HEADINGS) <= set(header) else ()


def _record(line: int, cells: Cells) -> Record:
    def measured(name: str) -> float | None:
        return _needed(cells, name, line) if _text(cells, name) else None

    def whole(name: str) -> int:
        return round(_needed(cells, name, line))

    return Record(
        id=_text(cells, "run"),
        block=_text(cells, "block"),
        kind=_one_of(_KINDS, cells, "kind", line),
        model=_text(cells, "model"),
        labels={name.removeprefix(LABEL): _text(cells, name) for name in cells if _labelled(cells, name)},
        cell=_text(cells, "cell"),
        replicates=_text(cells, "replicates"),
        minimizing=_one_of(_METRICS, cells, "minimizing", line),
        start_cells=(),
        start=_text(cells, "start") or None,
        weights=None,
        lr=_needed(cells, "lr", line),
        epochs=_needed(cells, "epochs", line),
        steps=whole("steps"),
        images=whole("examples"),
        train_flops=_needed(cells, "compute", line),
        sam_flops=_needed(cells, "sam_flops", line),
        core_hours=measured("core_hours"),
        params=whole("params"),
        macs_per_image=whole("macs_per_image"),
        state=_one_of(_STATES, cells, "state", line),
        step=whole("step"),
        train_loss=measured("training_loss"),
        holdout_loss=measured("loss"),
        top1=measured("top1"),
        top5=measured("top5"),
        accuracies={},
        seconds=measured("seconds"),
        failure=None,
        tuned=_text(cells, "tuned") == "True",
        best=None,
    )


def _text(cells: Cells, name: str) -> str:
    text = cells.get(name)
    return text.strip() if isinstance(text, str) else ""


def _labelled(cells: Cells, name: str) -> bool:
    return name.startswith(LABEL) and _text(cells, name) != ""


def _needed(cells: Cells, name: str, line: int) -> float:
    value = number(cells.get(name), name, line)
    if not isfinite(value):
        raise FitError(f"Line {line} has no number as {name}.")
    return value


def _one_of(words: tuple[_WordT, ...], cells: Cells, name: str, line: int) -> _WordT:
    said = _text(cells, name)
    for word in words:
        if word == said:
            return word
    raise FitError(f"Line {line} has {said!r} as {name}, which is none of {listed(words)}.")
