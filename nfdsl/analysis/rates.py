"""The tuned learning rate of each cell, and whether it may be trusted."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite, nan

from nfdsl.analysis.replicates import Replicated
from nfdsl.optimum import Edge, Optimum, optimum


@dataclass(frozen=True)
class TunedRate:
    """The best learning rate tried at one model and budget, and the grid it is chosen from."""

    record: Replicated
    cell: tuple[Replicated, ...]  # in rising learning rate
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


def optima(records: Sequence[Replicated]) -> tuple[TunedRate, ...]:
    """Returns the optimum of every cell that has a choice of learning rates and a result."""
    cells: dict[str, list[Replicated]] = {}
    for record in records:
        cells.setdefault(record.cell, []).append(record)
    found = (_tuned(sorted(cell, key=lambda record: record.lr)) for cell in cells.values() if len(cell) > 1)
    return tuple(tuned for tuned in found if tuned is not None)


def censored(records: Sequence[Replicated]) -> frozenset[str]:
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


def tuning_result(record: Replicated) -> float:
    """Returns what a run is compared by: infinite where it diverged, with any seed, NaN where it has no result."""
    if record.diverged:
        return inf
    return nan if record.minimized is None else record.minimized


def _tuned(cell: Sequence[Replicated]) -> TunedRate | None:
    best = next((record for record in cell if record.tuned), None)
    if best is None:
        return None
    found = optimum([record.lr for record in cell], [_compared(record, best) for record in cell])
    return None if found is None else TunedRate(best, tuple(cell), found)


def _compared(record: Replicated, best: Replicated) -> float:
    """Returns a result as far as it can be compared with the best: means over fewer seeds cannot."""
    value = tuning_result(record)
    return nan if isfinite(value) and len(record.done) < len(best.done) else value


def _verb(count: int, plural: str) -> str:
    return f"{plural}s" if count == 1 else plural
