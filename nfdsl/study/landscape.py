"""The cells of a plan laid out by model size and budget, and on which smaller ones each leans.

Cells are compared where only the network and the budget differ: same block, same recipe, same rank
among the starts. The network's size is its training FLOPs per image, the budget is in images.
"""

import math
from bisect import bisect_left
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property

from nfdsl.plan import Cell, Plan, PlannedRun
from nfdsl.schema.model import Model
from nfdsl.schema.training import Monotone
from nfdsl.study.tuning.ladder import Ladder

_SMALL = 16  # times less compute than the costliest of its family: searching all such costs little


@dataclass(frozen=True)
class Landscape:
    """A plan, seen as cells."""

    plan: Plan

    @cached_property
    def runs(self) -> dict[str, PlannedRun]:
        """Every run that may be carried out, in an order in which they can be: by cell, in increasing rate."""
        planned = {run.id: run for run in (*self.plan.extensions, *self.plan.runs)}
        return {run: planned[run] for cell in self.plan.cells for run in (*cell.below, *cell.runs, *cell.above)}

    @cached_property
    def ladders(self) -> dict[str, Ladder]:
        """The learning rates of each cell, by the cell's id, in the plan's order."""
        families: dict[Hashable, list[Cell]] = {}
        for cell in self.plan.cells:
            families.setdefault(_family(self.sample(cell)), []).append(cell)
        found = {ladder.id: ladder for family in families.values() for ladder in self._ladders(family)}
        return {cell.id: found[cell.id] for cell in self.plan.cells}

    def sample(self, cell: Cell) -> PlannedRun:
        """Returns a run of `cell`, for whatever all its runs have in common."""
        return self.runs[cell.runs[0]]

    def _ladders(self, cells: Sequence[Cell]) -> list[Ladder]:
        family = _Family([self.sample(cell) for cell in cells])
        return [self._ladder(cell, family) for cell in cells]

    def _ladder(self, cell: Cell, family: "_Family") -> Ladder:
        runs, sample = (*cell.below, *cell.runs, *cell.above), self.sample(cell)
        return Ladder(
            id=cell.id,
            runs=runs,
            rates=tuple(self.runs[run].lr for run in runs),
            below=len(cell.below),
            above=len(cell.above),
            tuner=cell.tuner,
            minimizing=cell.minimizing,
            leans_on=family.leant_on_by(sample) if isinstance(cell.tuner, Monotone) else (),
            small=_compute(sample) * _SMALL <= family.costliest,
        )


class _Family:
    """Cells that can be compared, each by one of its runs, by size and budget."""

    def __init__(self, samples: Sequence[PlannedRun]) -> None:
        self.costliest = max(map(_compute, samples))
        self._of_model: dict[Model, list[PlannedRun]] = {}
        self._of_size: dict[float, list[PlannedRun]] = {}
        for sample in sorted(samples, key=lambda run: run.length.images):
            self._of_model.setdefault(sample.model, []).append(sample)
            self._of_size.setdefault(_size(sample), []).append(sample)
        self._sizes = sorted(self._of_size)

    def leant_on_by(self, here: PlannedRun) -> tuple[str, ...]:
        """Returns the cells whose optima bound that of `here`: the same network's next smaller budget, and of the next
        smaller network the nearest budget. Every step goes to a smaller network or budget, so there are no cycles."""
        found: list[str] = []
        models = self._of_model[here.model]
        if shorter := bisect_left(models, here.length.images, key=lambda run: run.length.images):
            found.append(models[shorter - 1].cell)
        if smaller := bisect_left(self._sizes, _size(here)):
            nearest = min(self._of_size[self._sizes[smaller - 1]], key=lambda run: _factor(run, here))
            found.append(nearest.cell)
        return tuple(found)


def _family(run: PlannedRun) -> Hashable:
    return run.block, None if run.start is None else run.start.rank, run.recipe


def _size(run: PlannedRun) -> float:
    return run.train_flops / run.length.images


def _compute(run: PlannedRun) -> int:
    return run.train_flops + run.sam_flops


def _factor(one: PlannedRun, other: PlannedRun) -> float:
    """How far off in budget."""
    return abs(math.log(one.length.images / other.length.images))


def describe(run: PlannedRun) -> str:
    """Returns a run's name for people: ``3f2a90c1b2d4 scaling F0, 0.25 epochs, lr 0.4``."""
    return f"{run.id} {described(run)}"


def described(run: PlannedRun) -> str:
    """Returns a run's name for people, without its id: ``scaling F0, 0.25 epochs, lr 0.4``."""
    return f"{run.block} {', '.join((run.label, *swept(run), f'lr {run.lr:g}'))}"


def swept(run: PlannedRun) -> tuple[str, ...]:
    """Returns where `run` lies along the axes it was swept along, model and learning rate aside, and what goes by the
    model's name with it.

    A bare number is told by the last word of its axis: ``repeat 4`` of ``augment.repeat``.
    """
    aside = ((axis, choice) for axis, choice in run.labels.items() if axis not in ("model", "lr"))
    choices = [(axis, choice) for axis, choice in aside if choice != run.label]
    return tuple(f"{axis.rpartition('.')[2]} {choice}" if _bare(choice) else choice for axis, choice in choices)


def _bare(choice: str) -> bool:
    return choice.replace(".", "").isdigit()
