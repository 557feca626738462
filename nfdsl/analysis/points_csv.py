"""Points from a table: a CSV file with a row for each run."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite, nan
from pathlib import Path
from statistics import fmean, stdev

import numpy as np

from nfdsl.analysis.fit import fittable
from nfdsl.analysis.numerals import listed
from nfdsl.analysis.points import FLOPS_PER_MULTIPLY_ADD, FitError, Points, SizeName, rivals
from nfdsl.optimum import optimum
from nfdsl.study.numerals import count

_COLUMNS = ("params", "macs_per_image", "examples", "compute", "loss", "lr")
_NAMED = 5  # lines that a message names


@dataclass(frozen=True)
class Table:
    """The tuned runs of a table, and sentences on the rows that are not among them."""

    points: Points
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Row:
    line: int
    values: Mapping[str, float]  # NaN where the cell is empty
    seeded: bool = False  # whether it names a seed
    censored: bool | None = None  # whether its optimum is; None where the table does not tell
    seeds: int = 1  # rows that it is the mean of
    deviation: float = nan  # of their losses

    def cell(self) -> tuple[float, ...]:
        return tuple(self.values[name] for name in ("size", "examples", "compute"))


def read_points(path: Path, *, keep_censored: bool = False) -> Table:
    """Returns the runs of a table with columns `params` or `macs_per_image`, `examples`, `compute` and `loss`.

    Compute that is not told is 6 x `macs_per_image` x `examples`, or 6 x `params` x `examples`. Rows without a loss
    are runs that are not finished, and left out. With a column `lr`, rows that are alike in all else are one point at
    several learning rates: the best counts, unless it is the end of its grid, or as a column `censored` says, which
    knows of learning rates that were not tried. With a column `seed`, rows that are alike in all else are one run with
    several seeds: their mean counts. Other columns do not matter.

    Raises:
      FitError: the table cannot be read, lacks a column, or has a loss or a compute that is not above 0.
    """
    header, rows = _rows(path)
    missing = _missing(header)
    if missing:
        raise FitError(
            f"{path} has no column {missing}; its columns are {listed(header)}." if header else f"{path} is empty."
        )
    finished = [row for row in rows if isfinite(row.values["loss"])]
    _require_positive(finished)
    waiting = len(rows) - len(finished)
    notes = [f"{count(waiting, 'row')} without a loss left out: not finished."] if waiting else []
    cells = _cells(finished)
    kept = cells if keep_censored else [cell for cell in cells if not _censored(cell)]
    if len(kept) < len(cells):
        notes.append(
            f"{len(cells) - len(kept)} of {count(len(cells), 'point')} left out: the best learning rate is the end of "
            "its grid, so a better one may lie beyond."
        )
    return Table(_points(kept, "macs_per_image" if "macs_per_image" in header else "params"), tuple(notes))


def _rows(path: Path) -> tuple[list[str], list[_Row]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, skipinitialspace=True)
            header = [name.strip() for name in reader.fieldnames or ()]
            reader.fieldnames = header
            return header, [_row(reader.line_num, cells) for cells in reader if any(map(_told, cells.values()))]
    except OSError as error:
        raise FitError(f"{path} cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise FitError(f"{path} is no table of comma-separated values: {error}") from None


def _row(line: int, cells: Mapping[str, str | list[str] | None]) -> _Row:
    values = {name: _number(cells.get(name), name, line) for name in _COLUMNS}
    size = values["macs_per_image"] if isfinite(values["macs_per_image"]) else values["params"]
    told = values["compute"]
    compute = told if isfinite(told) else FLOPS_PER_MULTIPLY_ADD * size * values["examples"]
    return _Row(
        line, {**values, "size": size, "compute": compute}, _told(cells.get("seed")), _flag(cells.get("censored"))
    )


def _number(text: str | list[str] | None, name: str, line: int) -> float:
    if not isinstance(text, str) or not text.strip():
        return nan
    try:
        return float(text.replace("_", ""))
    except ValueError:
        raise FitError(f"Line {line} has {text.strip()!r} as {name}, which is not a number.") from None


def _flag(text: str | list[str] | None) -> bool | None:
    return text.strip().lower() == "true" if isinstance(text, str) and text.strip() else None


def _told(text: str | list[str] | None) -> bool:
    return isinstance(text, str) and bool(text.strip())


def _missing(header: Sequence[str]) -> str:
    """Returns what has to be there and is not, in words; empty where nothing is missing."""
    if "loss" not in header:
        return "loss"
    if "compute" in header or ("examples" in header and ("params" in header or "macs_per_image" in header)):
        return ""
    return "compute, nor macs_per_image (or params) and examples to work it out from"


def _require_positive(rows: Sequence[_Row]) -> None:
    for name in ("loss", "compute"):
        wrong = [row for row in rows if not _positive(row, name)]
        if wrong:
            said = listed([f"{row.values[name]:g} in line {row.line}" for row in wrong[:_NAMED]])
            more = f" and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else ""
            raise FitError(f"Every {name} must be a number above 0, and there is {said}{more}. {_without(rows)}")


def _positive(row: _Row, name: str) -> bool:
    return isfinite(row.values[name]) and row.values[name] > 0


def _without(rows: Sequence[_Row]) -> str:
    """Returns a sentence on the rows whose loss and compute are above 0."""
    rest = [row for row in rows if _positive(row, "loss") and _positive(row, "compute")]
    forms = fittable(_points(_cells(rest), "params")) if rest else ()
    return (
        f"Without such rows {len(rest)} remain, {f'enough for {listed(forms)}' if forms else 'too few for any form'}."
    )


def _cells(rows: Sequence[_Row]) -> list[list[_Row]]:
    """Returns the rows of each point, one for each learning rate, rising."""
    cells: dict[tuple[float | int, ...], list[_Row]] = {}
    for row in rows:
        alone = not isfinite(row.values["lr"]) and not row.seeded
        cells.setdefault((row.line,) if alone else tuple(map(_key, row.cell())), []).append(row)
    return [_by_rate(cell) for cell in cells.values()]


def _by_rate(cell: Sequence[_Row]) -> list[_Row]:
    """Returns one row for each learning rate, rising: the mean of those that name a seed, else the best."""
    rates: dict[float, list[_Row]] = {}
    for row in cell:
        rates.setdefault(_key(row.values["lr"]), []).append(row)
    return [_mean(rates[rate]) for rate in sorted(rates)]


def _mean(rows: Sequence[_Row]) -> _Row:
    losses = [row.values["loss"] for row in rows]
    if len(rows) == 1 or not all(row.seeded for row in rows):
        return min(rows, key=lambda row: row.values["loss"])
    mean = {**rows[0].values, "loss": fmean(losses)}
    return replace(rows[0], values=mean, seeds=len(rows), deviation=stdev(losses))


def _key(value: float) -> float:
    return value if isfinite(value) else -1.0  # NaN is not equal to itself


def _censored(cell: Sequence[_Row]) -> bool:
    stated = [row.censored for row in cell if row.censored is not None]
    if stated:
        return any(stated)
    found = optimum([row.values["lr"] for row in cell], [row.values["loss"] for row in cell])
    return found is not None and found.censored


def _points(cells: Sequence[Sequence[_Row]], size_name: SizeName) -> Points:
    best = [min(cell, key=lambda row: row.values["loss"]) for cell in cells]
    compute, loss, size, examples = (
        np.array([row.values[name] for row in best], dtype=np.float64)
        for name in ("compute", "loss", "size", "examples")
    )
    seeds = np.array([row.seeds for row in best], dtype=np.float64)
    deviation = np.array([row.deviation for row in best], dtype=np.float64)
    others = rivals([[row.values["loss"] for row in cell] for cell in cells])
    return Points(compute, loss, size, examples, size_name, others, seeds, deviation)
