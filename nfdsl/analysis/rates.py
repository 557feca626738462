"""The tuned learning rate of each cell, and whether it may be trusted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from nfdsl.study.records import Record

Edge = Literal["lowest", "highest"]


@dataclass(frozen=True)
class Optimum:
    """The best learning rate tried at one model and budget, and the grid it is chosen from."""

    record: Record
    grid: tuple[float, ...]  # rising
    settled: bool  # no run of its cell is still to come

    @property
    def edge(self) -> Edge | None:
        """The end of the grid it lies on, if any: the true optimum may be beyond, so this one is censored."""
        if self.record.lr == self.grid[0]:
            return "lowest"
        return "highest" if self.record.lr == self.grid[-1] else None


def optima(records: Sequence[Record]) -> tuple[Optimum, ...]:
    """Returns the optimum of every cell that has a choice of learning rates and a result."""
    cells: dict[str, list[Record]] = {}
    for record in records:
        cells.setdefault(record.cell, []).append(record)
    best = [record for record in records if record.tuned and len(cells[record.cell]) > 1]
    return tuple(_optimum(record, cells[record.cell]) for record in best)


def doubts(found: Sequence[Optimum]) -> str:
    """Returns a sentence on the optima that may not be the true ones; empty where there are none."""
    censored = sum(optimum.edge is not None for optimum in found)
    early = sum(not optimum.settled for optimum in found)
    clauses = (
        f"{censored} {_verb(censored, 'lie')} on the edge of the grid" if censored else "",
        f"{early} {_verb(early, 'come')} from a grid with runs still to come" if early else "",
    )
    said = " and ".join(filter(None, clauses))
    return f"Of {len(found)} optima, {said}: the true ones may differ." if said else ""


def _optimum(best: Record, cell: Sequence[Record]) -> Optimum:
    settled = all(record.state not in ("waiting", "running") for record in cell)
    return Optimum(best, tuple(sorted(record.lr for record in cell)), settled)


def _verb(count: int, plural: str) -> str:
    return f"{plural}s" if count == 1 else plural
