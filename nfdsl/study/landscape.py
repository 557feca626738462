"""The cells of a plan laid out by model size and budget, and which of them are neighbours.

Cells are compared where only the network and the budget differ: same block, same recipe, same rank
among the starts. The network's size is its training FLOPs per image, the budget is in images.
"""

import math
from dataclasses import dataclass
from functools import cached_property

from nfdsl.plan import Cell, Plan, PlannedRun


@dataclass(frozen=True)
class Landscape:
    """A plan, seen as cells."""

    plan: Plan

    @cached_property
    def runs(self) -> dict[str, PlannedRun]:
        return {run.id: run for run in self.plan.runs}

    @cached_property
    def cells(self) -> dict[str, Cell]:
        return {cell.id: cell for cell in self.plan.cells}

    @cached_property
    def neighbours(self) -> dict[str, Cell]:
        """The smaller cell from which each cell takes its first learning rate, where it has one.

        It is the same network at the next smaller budget, else the next smaller network at the
        nearest budget. Every step goes to a smaller network or budget, so there are no cycles.
        """
        found = {cell.id: self._neighbour(cell) for cell in self.plan.cells}
        return {cell_id: neighbour for cell_id, neighbour in found.items() if neighbour is not None}

    def sample(self, cell: Cell) -> PlannedRun:
        """Returns a run of `cell`, for whatever all its runs have in common."""
        return self.runs[cell.runs[0]]

    def _neighbour(self, cell: Cell) -> Cell | None:
        here = self.sample(cell)
        family = [other for other in self.plan.cells if _comparable(self.sample(other), here)]
        shorter = [other for other in family if _shorter(self.sample(other), here)]
        if shorter:
            return max(shorter, key=lambda other: self.sample(other).length.images)
        smaller = [other for other in family if _size(self.sample(other)) < _size(here)]
        if smaller:
            return min(smaller, key=lambda other: _distance(self.sample(other), here))
        return None


def _comparable(one: PlannedRun, other: PlannedRun) -> bool:
    return one.block == other.block and _rank(one) == _rank(other) and one.recipe == other.recipe


def _shorter(one: PlannedRun, other: PlannedRun) -> bool:
    return one.model == other.model and one.length.images < other.length.images


def _rank(run: PlannedRun) -> int | None:
    return None if run.start is None else run.start.rank


def _size(run: PlannedRun) -> float:
    return run.train_flops / run.length.images


def _distance(one: PlannedRun, other: PlannedRun) -> tuple[float, float]:
    """How far down in size and, between networks of one size, how far off in budget."""
    return _size(other) - _size(one), abs(math.log(one.length.images / other.length.images))


def describe(run: PlannedRun) -> str:
    """Returns a run's name for people: ``3f2a90c1b2d4 scaling F0, 0.25 epochs, lr 0.4``."""
    return f"{run.id} {run.block} {', '.join((run.label, *swept(run), f'lr {run.lr:g}'))}"


def swept(run: PlannedRun) -> tuple[str, ...]:
    """Returns where `run` lies along the axes it was swept along, model and learning rate aside.

    A bare number is told by the last word of its axis: ``repeat 4`` of ``augment.repeat``.
    """
    choices = ((axis, choice) for axis, choice in run.labels.items() if axis not in ("model", "lr"))
    return tuple(f"{axis.rpartition('.')[2]} {choice}" if _bare(choice) else choice for axis, choice in choices)


def _bare(choice: str) -> bool:
    return choice.replace(".", "").isdigit()
