"""Which runs two plans do not share, cell by cell, and the settings that make them differ."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from nfdsl.check.study import Study
from nfdsl.plan import Plan, PlannedRun, Selection, model_label
from nfdsl.schema.training import Finetune, Pretrain, Start, Training, Tune
from nfdsl.schema.units import Dimension, Quantity
from nfdsl.syntax import ast

_HOURS = {Dimension.CORE_HOURS, Dimension.CHIP_HOURS}
_Name = tuple[str, str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True)
class Planned:
    """A study, its plan, and the values it names."""

    study: Study
    plan: Plan
    lets: Sequence[ast.Let] = ()


@dataclass(frozen=True)
class Affected:
    """A cell whose runs are not the same in both plans: their ids, in increasing learning rate."""

    block: str
    model: str
    labels: Mapping[str, str]  # of the axes it was swept along, but for model and learning rate
    only_old: Sequence[str]
    only_new: Sequence[str]
    both: Sequence[str]
    causes: Sequence[str]  # settings of the block such as "lr" and "model.depth", "runs of scaling", "pretrain scaling"


@dataclass(frozen=True)
class _Cell:
    runs: Sequence[PlannedRun]
    training: Training  # what its block says of it

    @property
    def ids(self) -> Sequence[str]:
        return [run.id for run in self.runs]

    @property
    def name(self) -> _Name:
        """What the cell is called in a study, whatever it is made of."""
        return self.runs[0].block, self.runs[0].label, tuple(sorted(_labels(self.runs[0]).items()))


def affected(old: Planned, new: Planned) -> Sequence[Affected]:
    """Returns the cells with runs in only one of two plans, in the order of the old plan and then of the new.

    The cell of the other plan is the one with a run in common, else the one with the same labels.
    """
    old_cells, new_cells = list(_cells(old)), list(_cells(new))
    found: list[Affected] = []
    for was, will in _pairs(old_cells, new_cells):
        if was and will:
            found += _affected(was, was.ids, will.ids, _differences(was, will))
        elif was:
            found += _affected(was, was.ids, (), _reasons_to_be_alone(was, new_cells))
        elif will:
            found += _affected(will, (), will.ids, _reasons_to_be_alone(will, old_cells))
    return found


def _affected(cell: _Cell, old: Sequence[str], new: Sequence[str], causes: Iterable[str]) -> Iterator[Affected]:
    """Yields what becomes of a cell with these runs, if they are not the same."""
    if list(old) != list(new):
        yield Affected(
            cell.runs[0].block,
            cell.runs[0].label,
            _labels(cell.runs[0]),
            only_old=[run for run in old if run not in new],
            only_new=[run for run in new if run not in old],
            both=[run for run in old if run in new],
            causes=list(causes),
        )


def _cells(planned: Planned) -> Iterator[_Cell]:
    runs = {run.id: run for run in planned.plan.runs}
    for cell in planned.plan.cells:
        members = [runs[run] for run in cell.runs]
        yield _Cell(members, _training(planned.study, members[0], runs))


def _training(study: Study, run: PlannedRun, runs: Mapping[str, PlannedRun]) -> Training:
    """Returns the point of a block's grids that a run comes from."""
    aside = {"lr"} if run.start is None else {"lr", "start"}
    swept = {axis: choice for axis, choice in run.labels.items() if axis not in aside}
    for point in study.blocks[run.block].points:
        if isinstance(point.value, Pretrain | Finetune):
            known = {**dict(point.labels), "model": run.label if run.start else model_label(point)}
            told = all(known.get(axis, choice) == choice for axis, choice in swept.items())
            if told and (run.start is None or _chooses(point.value, run.start, runs)):
                return point.value
    raise AssertionError("a run comes from a point of its block")


def _chooses(training: Training, chosen: Selection, runs: Mapping[str, PlannedRun]) -> bool:
    """Whether a start is one of those that a point of a block asks for."""
    start = training.start if isinstance(training, Finetune) else None
    if not isinstance(start, Start) or chosen.rank >= start.best:
        return False
    return (start.block, start.by) == (runs[chosen.candidates[0]].block, chosen.by)


def _labels(run: PlannedRun) -> dict[str, str]:
    return {axis: choice for axis, choice in run.labels.items() if axis not in ("model", "lr")}


def _pairs(old: Sequence[_Cell], new: Sequence[_Cell]) -> Iterator[tuple[_Cell | None, _Cell | None]]:
    """Yields each cell once, with its counterpart if there is one."""
    of_run = {run: number for number, cell in enumerate(new) for run in cell.ids}
    free = dict(enumerate(new))
    partners: dict[int, _Cell] = {}
    for number, cell in enumerate(old):
        shared = [of_run[run] for run in cell.ids if of_run.get(run) in free]
        if shared:
            partners[number] = free.pop(shared[0])
    of_name = {cell.name: number for number, cell in free.items()}
    for number, cell in enumerate(old):
        if number not in partners and cell.name in of_name:
            partners[number] = free.pop(of_name.pop(cell.name))
    yield from ((cell, partners.get(number)) for number, cell in enumerate(old))
    yield from ((None, cell) for cell in free.values())


def _differences(old: _Cell, new: _Cell) -> Iterator[str]:
    """Yields the settings that make the runs of two cells others, and the runs whose change does."""
    was, will = old.runs[0], new.runs[0]
    in_hours = bool({old.training.budget.dimension, new.training.budget.dimension} & _HOURS)
    paths = list(_paths(old.training, new.training))
    for path in paths:
        match path.partition(".")[0]:
            case "hardware":
                ascents = path == "hardware.topology" and was.recipe.ascents != will.recipe.ascents
                matters = in_hours or ascents or path == "hardware.precision"
            case "budget":
                matters = was.length.images != will.length.images
            case "schedule":
                matters = path != "schedule.warmup" or was.length.warmup_steps != will.length.warmup_steps
            case "lr":
                matters = [run.lr for run in old.runs] != [run.lr for run in new.runs]
            case "start":
                matters = path in ("start", "start.block", "start.by") or path.startswith("start.model")
            case _:
                matters = True
        if matters:
            yield path
    if was.weights and will.weights and was.weights != will.weights:
        yield "start.file"
    candidates = [set(run.start.candidates) if run.start else set[str]() for run in (was, will)]
    if isinstance(new.training, Finetune) and isinstance(new.training.start, Start) and candidates[0] != candidates[1]:
        yield f"runs of {new.training.start.block}"


def _paths(old: Any, new: Any, path: str = "") -> Iterator[str]:
    """Yields the settings in which two values of the schema differ; all about a learning rate is one setting."""
    if old == new:
        return
    if type(old) is not type(new) or not is_dataclass(old) or isinstance(old, Quantity | Tune):
        yield path
        return
    for item in fields(old):
        yield from _paths(
            getattr(old, item.name), getattr(new, item.name), f"{path}.{item.name}" if path else item.name
        )


def _reasons_to_be_alone(cell: _Cell, others: Sequence[_Cell]) -> Iterator[str]:
    """Yields the axes on which no other cell of the block has this one's choice; the block if there are none."""
    first = cell.runs[0]
    relatives = [other.runs[0] for other in others if other.runs[0].block == first.block]
    if not relatives:
        yield f"{first.kind} {first.block}"
        return
    axes = dict.fromkeys([*first.labels, *(axis for other in relatives for axis in other.labels)])
    axes.pop("lr", None)
    unmatched = [axis for axis in axes if first.labels.get(axis) not in {other.labels.get(axis) for other in relatives}]
    yield from unmatched or axes
