"""Points from a table: a CSV file with a row for each run."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf, isfinite, isnan, nan
from pathlib import Path
from statistics import fmean, stdev

import numpy as np

from nfdsl.analysis.csv_table import Cells, is_told, number, table_rows
from nfdsl.analysis.fit import fittable
from nfdsl.analysis.numerals import listed
from nfdsl.analysis.points import FLOPS_PER_MULTIPLY_ADD, FitError, Points, SizeName, rivals
from nfdsl.optimum import optimum
from nfdsl.study.numerals import count

_COLUMNS = ("params", "macs_per_image", "examples", "compute", "loss", "lr")
_NAMED = 5  # lines that a message names

# Columns that do not tell one point from another: learning rate and seed, and what a run reaches, in the words of
# the tables that reports write.
_OF_RUNS = frozenset({"lr", "label:lr", "seed", "label:seed", "run", "state", "step", "start", "tuned", "censored"})
_OF_RESULTS = frozenset(
    {"loss", "top1", "top5", "training_loss", "seconds", "core_hours", "best_step", "best_loss", "best_top1"}
    | {"reassessed"}
    | {"optimal", "seeds", "planned_seeds", "loss_deviation", "top1_deviation"}
)
_OF_PROBES = re.compile("[0-9]+-shot")
_SCATTERED = (
    "No two rows are alike in all but lr: those of one budget differ in {} too. Without a column that is a result, "
    "rows are one point tuned over its learning rates."
)


@dataclass(frozen=True)
class Table:
    """The tuned runs of a table, and sentences on the rows that are not among them."""

    points: Points
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Row:
    line: int
    values: Mapping[str, float]  # NaN where the cell is empty; the loss is infinite where the run diverged
    point: Mapping[str, float | str]  # what is the same in all rows of one point, by column
    seeded: bool = False  # whether it names a seed
    censored: bool | None = None  # whether its optimum is; None where the table does not tell
    seeds: int = 1  # rows that it is the mean of
    deviation: float = nan  # of their losses


def read_points(path: Path, *, keep_censored: bool = False) -> Table:
    """Returns the runs of a table with columns `params` or `macs_per_image`, `examples`, `compute` and `loss`.

    Compute that is not told is 6 x `macs_per_image` x `examples`, or 6 x `params` x `examples`. Rows without a loss
    are runs that are not finished, and left out; those whose loss is no finite number, or whose `state` is diverged,
    are worse than any other. With a column `lr`, rows that are alike in all else are one point at several learning
    rates: the best counts, unless it is the end of its grid, or as a column `censored` says, which knows of learning
    rates that were not tried. With a column `seed`, rows that are alike in all else are one run with several seeds:
    their mean counts. Results under the names that reports give them need not be alike; where other columns keep
    every learning rate by itself, a note says which.

    Raises:
      FitError: the table cannot be read, lacks a column, or has a loss or a compute that is not above 0.
    """
    header, found = table_rows(path)
    rows = [_row(line, cells) for line, cells in found]
    missing = _missing(header)
    if missing:
        raise FitError(
            f"{path} has no column {missing}; its columns are {listed(header)}." if header else f"{path} is empty."
        )
    finished = [row for row in rows if not isnan(row.values["loss"])]
    _require_positive(finished)
    waiting = len(rows) - len(finished)
    notes = [f"{count(waiting, 'row')} without a loss left out: not finished."] if waiting else []
    notes += [*_blocks(rows), *_scattered(finished)]
    tried = _cells(finished)
    cells = [cell for cell in tried if any(isfinite(row.values["loss"]) for row in cell)]
    if len(cells) < len(tried):
        notes.append(f"{len(tried) - len(cells)} of {count(len(tried), 'point')} left out: all its runs diverged.")
    kept = cells if keep_censored else [cell for cell in cells if not _censored(cell)]
    if len(kept) < len(cells):
        notes.append(
            f"{len(cells) - len(kept)} of {count(len(cells), 'point')} left out: the best learning rate is the end of "
            "its grid, so a better one may lie beyond."
        )
    return Table(_points(kept, "macs_per_image" if "macs_per_image" in header else "params"), tuple(notes))


def _row(line: int, cells: Cells) -> _Row:
    values = {name: number(cells.get(name), name, line) for name in _COLUMNS}
    size = values["macs_per_image"] if isfinite(values["macs_per_image"]) else values["params"]
    told = values["compute"]
    compute = told if isfinite(told) else FLOPS_PER_MULTIPLY_ADD * size * values["examples"]
    return _Row(
        line,
        {**values, "loss": _loss(cells, values["loss"]), "size": size, "compute": compute},
        {name: _plain(text) for name, text in cells.items() if _tells_points_apart(name)},
        is_told(cells.get("seed")),
        _flag(cells.get("censored")),
    )


def _tells_points_apart(name: str) -> bool:
    return bool(name) and name not in _OF_RUNS | _OF_RESULTS and _OF_PROBES.fullmatch(name) is None


def _loss(cells: Cells, value: float) -> float:
    """Returns the loss, infinite where a run diverged and NaN where it is not finished."""
    state = cells.get("state")
    diverged = isinstance(state, str) and state.strip().lower() == "diverged"
    return inf if diverged or (is_told(cells.get("loss")) and not isfinite(value)) else value


def _plain(text: str | list[str] | None) -> float | str:
    """Returns what a cell says, however its number is written."""
    said = text.strip() if isinstance(text, str) else ""
    try:
        value = float(said.replace("_", ""))
    except ValueError:
        return said
    return value if isfinite(value) else said


def _flag(text: str | list[str] | None) -> bool | None:
    return text.strip().lower() == "true" if isinstance(text, str) and text.strip() else None


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
    return row.values[name] > 0 and (isfinite(row.values[name]) or name == "loss")  # which is infinite if it diverged


def _without(rows: Sequence[_Row]) -> str:
    """Returns a sentence on the rows whose loss and compute are above 0."""
    rest = [row for row in rows if 0 < row.values["loss"] < inf and _positive(row, "compute")]
    forms = fittable(_points(_cells(rest), "params")) if rest else ()
    return (
        f"Without such rows {len(rest)} remain, {f'enough for {listed(forms)}' if forms else 'too few for any form'}."
    )


def _cells(rows: Sequence[_Row]) -> list[list[_Row]]:
    """Returns the rows of each point, one for each learning rate, rising."""
    cells: dict[object, list[_Row]] = {}
    for row in rows:
        alone = not isfinite(row.values["lr"]) and not row.seeded
        cells.setdefault(row.line if alone else tuple(row.point.items()), []).append(row)
    return [_by_rate(cell) for cell in cells.values()]


def _blocks(rows: Sequence[_Row]) -> list[str]:
    """Returns a sentence on blocks of a study that one law goes through; nothing where there is one."""
    blocks = list(dict.fromkeys(str(row.point["block"]) for row in rows if "block" in row.point))
    return [f"One law goes through the rows of {len(blocks)} blocks: {listed(blocks)}."] if len(blocks) > 1 else []


def _scattered(rows: Sequence[_Row]) -> list[str]:
    """Returns a sentence on the columns for which no point has two learning rates, where budgets have."""
    budgets: dict[tuple[float, ...], list[_Row]] = {}
    for row in rows:
        if isfinite(row.values["lr"]):
            budget = tuple(_key(row.values[name]) for name in ("size", "examples", "compute"))
            budgets.setdefault(budget, []).append(row)
    if any(len(cell) > 1 for cell in _cells(rows)):
        return []
    differing = sorted({name for budget in budgets.values() for name in _differing(budget)})
    return [_SCATTERED.format(listed(differing))] if differing else []


def _differing(rows: Sequence[_Row]) -> list[str]:
    return [name for name in rows[0].point if len({row.point[name] for row in rows}) > 1]


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
    return replace(rows[0], values=mean, seeds=len(rows), deviation=stdev(losses) if isfinite(mean["loss"]) else nan)


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
