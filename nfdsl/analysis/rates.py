"""The tuned learning rate of each cell, and whether it may be trusted."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, nan

from nfdsl.optimum import Edge, Optimum, optimum
from nfdsl.study.records import Record


@dataclass(frozen=True)
class TunedRate:
    """The best learning rate tried at one model and budget, and the grid it is chosen from."""

    record: Record
    cell: tuple[Record, ...]  # in rising learning rate
    optimum: Optimum

    @property
    def grid(self) -> tuple[float, ...]:
        """The learning rates, rising."""
        return tuple(record.lr for record in self.cell)

    @property
    def settled(self) -> bool:
        """Whether no run of its cell is still to come."""
        return all(record.state not in ("waiting", "running") for record in self.cell)

    @property
    def edge(self) -> Edge | None:
        """The end of the grid it lies on, if any: the true optimum may be beyond, so this one is censored."""
        return self.optimum.edge


def optima(records: Sequence[Record]) -> tuple[TunedRate, ...]:
    """Returns the optimum of every cell that has a choice of learning rates and a result."""
    cells: dict[str, list[Record]] = {}
    for record in records:
        cells.setdefault(record.cell, []).append(record)
    found = (_tuned(sorted(cell, key=lambda record: record.lr)) for cell in cells.values() if len(cell) > 1)
    return tuple(tuned for tuned in found if tuned is not None)


def censored(records: Sequence[Record]) -> frozenset[str]:
    """Returns the cells whose optimum lies on the edge of its grid."""
    return frozenset(tuned.record.cell for tuned in optima(records) if tuned.edge is not None)


def doubts(found: Sequence[TunedRate]) -> str:
    """Returns a sentence on the optima that may not be the true ones; empty where there are none."""
    edges = sum(tuned.edge is not None for tuned in found)
    early = sum(not tuned.settled for tuned in found)
    clauses = (
        f"{edges} {_verb(edges, 'lie')} on the edge of the grid" if edges else "",
        f"{early} {_verb(early, 'come')} from a grid with runs still to come" if early else "",
    )
    said = " and ".join(filter(None, clauses))
    return f"Of {len(found)} optima, {said}: the true ones may differ." if said else ""


def tuning_result(record: Record) -> float:
    """Returns what a run is compared by: infinite where it diverged, NaN where it has no result."""
    if record.state == "diverged":
        return inf
    error = None if record.top1 is None else 1 - record.top1
    value = record.holdout_loss if record.minimizing == "holdout.loss" else error
    return nan if value is None else value


def _tuned(cell: Sequence[Record]) -> TunedRate | None:
    best = next((record for record in cell if record.tuned), None)
    found = optimum([record.lr for record in cell], [tuning_result(record) for record in cell])
    return None if best is None or found is None else TunedRate(best, tuple(cell), found)


def _verb(count: int, plural: str) -> str:
    return f"{plural}s" if count == 1 else plural
