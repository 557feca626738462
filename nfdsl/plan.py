"""The plan of a study: every run it may need, what each depends on, and what must be compiled."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import takewhile
from typing import Any

from nfdsl.budget import examples_of, length_of
from nfdsl.check.point import Point, refuse_more_than_limit
from nfdsl.check.rejected import Rejected
from nfdsl.check.rules import operand
from nfdsl.check.scope import Definition
from nfdsl.check.study import CheckedBlock, Study
from nfdsl.cost.network import multiply_adds, parameters
from nfdsl.diagnostics import Diagnostic, Label
from nfdsl.extension import beyond
from nfdsl.identity import Identities
from nfdsl.length import core_hours
from nfdsl.paths import located
from nfdsl.schema.evaluation import Metric
from nfdsl.schema.hardware import Hardware
from nfdsl.schema.model import Model, fine_tuned
from nfdsl.schema.program import ProgramKey, program_key
from nfdsl.schema.report import Figure, Report
from nfdsl.schema.run import Length, Weights
from nfdsl.schema.setting import settings
from nfdsl.schema.training import (
    Finetune,
    Grid,
    Monotone,
    Pretrain,
    Recipe,
    Released,
    Start,
    Training,
    TrainingKind,
    Tune,
)
from nfdsl.schema.units import Dimension, quantity
from nfdsl.source import reason
from nfdsl.weights import weights_of


@dataclass(frozen=True)
class Selection:
    """The start of a fine-tune, known once its candidates are done.

    Of `candidates` the tuned ones (the best learning rate of each cell) are ranked by `by`, those that differ in
    seeds alone by their mean; the one at `rank` (0 is best) is the start, with its best seed.
    """

    candidates: tuple[str, ...]  # run ids
    by: Metric
    rank: int


@dataclass(frozen=True)
class Program:
    """What must be compiled once: runs of one program differ only in inputs."""

    id: str
    model: str
    params: int
    macs_per_image: int
    train_resolution: int
    batch: int


@dataclass(frozen=True)
class PlannedRun:
    """One run a study may need."""

    id: str  # of its content: see `identity`
    block: str
    kind: TrainingKind
    label: str  # name of the model point, "F0"
    labels: dict[str, str]  # every axis it was swept along, in the spec's words
    cell: str  # runs of one cell differ only in learning rate
    replicates: str  # runs that share it differ only in seeds: results are told as mean and standard deviation
    program: str
    recipe: Recipe
    model: Model
    lr: float
    epochs: float  # views over the training set's size
    length: Length
    start: Selection | None
    weights: Weights | None  # the released ones it begins from
    folder: str = field(compare=False)  # of the spec, where its paths start; no part of what the run is
    train_flops: int  # 6 x multiply-adds x images: forward and backward
    sam_flops: int  # the ascent gradients, counted beside
    core_hours: float | None  # of both; none where the hardware's peak is not known


@dataclass(frozen=True)
class Cell:
    """Runs that differ only in learning rate, and how the best of them is found."""

    id: str
    runs: tuple[str, ...]  # in increasing learning rate
    tuner: Grid | Monotone
    minimizing: Metric
    below: tuple[str, ...] = ()  # runs of lower rates still, by which tuning may extend the range, rising
    above: tuple[str, ...] = ()  # and of higher ones


@dataclass(frozen=True)
class Plan:
    """A study, ready to be carried out. Runs are in an order in which they can be run."""

    study: str
    programs: tuple[Program, ...]
    runs: tuple[PlannedRun, ...]
    cells: tuple[Cell, ...]
    figures: tuple[Figure, ...]
    extensions: tuple[PlannedRun, ...] = ()  # of learning rates beyond the ranges, run where a cell asks for them


def plan(study: Study, name: str) -> tuple[Plan | None, list[Diagnostic]]:
    """Returns the plan of a checked study, or none and what stands in its way."""
    planner = _Planner(study.folder)
    diagnostics: list[Diagnostic] = []
    for block in _training_blocks(study):
        try:
            planner.add(block)
        except Rejected as rejected:
            diagnostics.extend(rejected.diagnostics)
    diagnostics.extend(_identical(planner.drafts))
    if diagnostics:
        return None, list(dict.fromkeys(diagnostics))
    drafts = _apart(planner.drafts)
    runs = tuple(run for draft in drafts for run in draft.runs)
    programs = {draft.program.id: draft.program for draft in drafts}
    figures = [figure for block in study.blocks.values() for figure in _figures(block)]
    cells = tuple(draft.cell for draft in drafts)
    extensions = tuple(run for draft in drafts for run in draft.extensions)
    return Plan(name, tuple(programs.values()), runs, cells, tuple(figures), extensions), []


@dataclass(frozen=True)
class _Draft:
    """One cell and its runs, with the block that asked for them."""

    definition: Definition
    program: Program
    runs: tuple[PlannedRun, ...]
    extensions: tuple[PlannedRun, ...]
    cell: Cell


@dataclass(frozen=True)
class _Network:
    """What a cell trains: a model by its label, from random weights, from a selection or from a file."""

    label: str
    model: Model
    start: Selection | None = None
    weights: Weights | None = None


def _training_blocks(study: Study) -> Iterator[CheckedBlock]:
    """Yields the blocks that train, those that others start from first."""
    for kind in ("pretrain", "finetune"):
        yield from (b for b in study.blocks.values() if b.carried_out and b.definition.kind == kind)


def _figures(block: CheckedBlock) -> Iterable[Figure]:
    points = block.points if block.carried_out else ()
    return (figure for point in points if isinstance(point.value, Report) for figure in point.value.figure)


class _Planner:
    """Works out the cells of one block after the other, and what they have in common only once."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self.drafts: list[_Draft] = []
        self._identities = Identities()
        self._programs: dict[ProgramKey, Program] = {}
        self._by_block: dict[str, list[_Draft]] = {}
        self._size = 0  # runs so far

    def add(self, block: CheckedBlock) -> None:
        """Adds the cells of a block. Raises `Rejected` where they cannot be."""
        swept = _swept_axes(block.points) - _told_by_model(block.points)
        added = self._by_block.setdefault(block.definition.name, [])
        starts: dict[Start, list[_Network]] = {}
        for point in block.points:
            match point.value:
                case Pretrain():
                    networks = [_Network(model_label(point), point.value.model)]
                case Finetune(start=Released() as start):
                    networks = [self._released(start, model_label(point), block.definition)]
                case Finetune(start=Start() as start):
                    networks = starts.get(start) or starts.setdefault(start, self._starts(start, block.definition))
                case _:
                    continue
            for network in networks:
                labels = {axis: choice for axis, choice in point.labels if axis in swept}
                draft = self._draft(block.definition, point.value, network, labels)
                self._size += len(draft.runs)
                refuse_more_than_limit(self._size, block.definition.block.name.span)
                added.append(draft)
                self.drafts.append(draft)

    def _starts(self, start: Start, definition: Definition) -> list[_Network]:
        """Returns the networks a fine-tune begins from: the `best` of each model."""
        models: dict[Model, list[_Draft]] = {}
        for draft in self._by_block.get(start.block, []):
            models.setdefault(draft.runs[0].model, []).append(draft)
        networks: list[_Network] = []
        for model, drafts in models.items():
            label = drafts[0].runs[0].label
            found = len({draft.runs[0].replicates for draft in drafts})
            if found < start.best:
                raise Rejected(_too_few_candidates(start, label, found, definition, drafts[0].definition))
            candidates = tuple(run.id for draft in drafts for run in draft.runs)
            starts = [Selection(candidates, start.by, rank) for rank in range(start.best)]
            networks += [_Network(label, fine_tuned(model), chosen) for chosen in starts]
        return networks

    def _released(self, start: Released, label: str, definition: Definition) -> _Network:
        try:
            return _Network(label, fine_tuned(start.model), weights=weights_of(start.file, self._folder))
        except OSError as error:  # it was there when it was checked
            raise Rejected(
                Diagnostic(
                    "unreadable-weights",
                    f"the weights `{start.file}` cannot be read: {reason(error)}",
                    operand(definition, "start", "released"),
                    help=f"put the file where the spec says it is, at {located(start.file, self._folder)}",
                )
            ) from None

    def _program(self, network: _Network, recipe: Recipe) -> Program:
        key = program_key(network.model, recipe)
        if key not in self._programs:
            counted = network.model, recipe.data.classes, recipe.resolution.train, recipe.objective
            macs, params, side = multiply_adds(*counted), parameters(*counted), recipe.resolution.train
            self._programs[key] = Program(key.id, network.label, params, macs, side, recipe.batch)
        return self._programs[key]

    def _draft(
        self, definition: Definition, training: Training, network: _Network, labels: Mapping[str, str]
    ) -> _Draft:
        """Returns one cell: a network and a recipe at every learning rate."""
        recipe = Recipe(**{name: getattr(training, name) for name in _RECIPE})
        program = self._program(network, recipe)
        flops_per_image = 6 * program.macs_per_image
        examples = examples_of(recipe.data, definition)
        ascent = Fraction(repr(recipe.sam.fraction)) if recipe.sam else Fraction(0)  # of the FLOPs of the descent
        size = length_of(training, flops_per_image * (1 + ascent), examples, definition)
        tune = training.lr if isinstance(training.lr, Tune) else Tune((training.lr,))
        rates = sorted(set(tune.over))
        # The id of a start stands for all its candidates, which may be thousands.
        start = None if network.start is None else self._identities.digest(network.start)
        if network.weights is not None:
            start = network.weights.sha256
        content = (_essence(recipe), network.model, size, start)
        cell = self._identities.digest("cell", content, training.lr)
        unseeded = replace(recipe, seed=0, sampling=replace(recipe.sampling, seed=0))
        replicates = ("replicates", definition.name, _essence(unseeded), network.model, size, start)
        flops = flops_per_image * size.images
        sam_flops = round(flops * ascent)
        labels = {"model": network.label, **labels}
        if network.start and network.start.rank:
            rank = f"{_ordinal(network.start.rank)} best"
            labels["start"] = f"{labels['start']}, {rank}" if "start" in labels else rank
        below, above = beyond(rates, tune.using.extend)

        def run(lr: float) -> PlannedRun:
            return PlannedRun(
                id=self._identities.digest(content, lr),
                block=definition.name,
                kind="finetune" if isinstance(training, Finetune) else "pretrain",
                label=network.label,
                labels={**labels, **({"lr": f"{lr:g}"} if len(rates) > 1 else {})},
                cell=cell,
                replicates=self._identities.digest(replicates, lr),
                program=program.id,
                recipe=recipe,
                model=network.model,
                lr=lr,
                epochs=size.images / examples,
                length=size,
                start=network.start,
                weights=network.weights,
                folder=self._folder,
                train_flops=flops,
                sam_flops=sam_flops,
                core_hours=core_hours(flops + sam_flops, recipe.hardware),
            )

        runs, lower, higher = (tuple(map(run, of)) for of in (rates, below, above))
        stated = Cell(cell, _ids(runs), tune.using, tune.minimizing, _ids(lower), _ids(higher))
        return _Draft(definition, program, runs, (*lower, *higher), stated)


def model_label(point: Point[Any]) -> str:
    """Returns what the network is called that a point trains: of a pretrain block, or of released weights."""
    labels = dict(point.labels)
    return next(labels[axis] for axis in ("model", _OF_RELEASED, "start") if axis in labels)


_OF_RELEASED = "start.model"


def _ids(runs: Iterable[PlannedRun]) -> tuple[str, ...]:
    return tuple(run.id for run in runs)


_RECIPE = [setting.name for setting in settings(Recipe)]


def _swept_axes(points: Iterable[Point[Any]]) -> set[str]:
    """Returns the axes along which a block's points differ."""
    choices: dict[str, set[str]] = {}
    for point in points:
        for axis, choice in point.labels:
            choices.setdefault(axis, set()).add(choice)
    return {axis for axis, seen in choices.items() if len(seen) > 1}


def _told_by_model(points: Iterable[Point[Any]]) -> set[str]:
    """Returns the axes along which released weights differ, if the names of their networks tell them apart."""
    starts = [(point, point.value.start) for point in points if isinstance(point.value, Finetune)]
    labels = {start: model_label(point) for point, start in starts if isinstance(start, Released)}
    all_told = len(set(labels.values())) == len({start for _, start in starts})
    return {_OF_RELEASED, "start.file", "start"} if all_told else {_OF_RELEASED}


def _too_few_candidates(start: Start, label: str, count: int, definition: Definition, source: Definition) -> Diagnostic:
    return Diagnostic(
        "too-few-candidates",
        f"`{start.block}` tunes {count} network{'s' if count > 1 else ''} for {label}, of which the best {start.best} "
        "cannot be taken",
        operand(definition, "start", f"best {start.best} per model"),
        (
            Label(
                source.block.name.span, f"{count} for {label}: one for each combination but of learning rates and seeds"
            ),
        ),
        help=f"write `best {count}`, or give `{start.block}` more budgets",
    )


def _essence(recipe: Recipe) -> Recipe:
    """Returns a recipe without what does not make a run another one: hardware changes what it costs, but for the
    parts that SAM ascends on and a stated precision, and warm-up and evaluations are in its length already, whatever
    unit they were written in."""
    hardware = Hardware(topology=(recipe.ascents,), precision=recipe.hardware.precision)
    nothing = quantity(0, Dimension.STEPS)
    evaluate = None if recipe.evaluate is None else replace(recipe.evaluate, every=nothing)
    return replace(recipe, hardware=hardware, schedule=replace(recipe.schedule, warmup=nothing), evaluate=evaluate)


def _ordinal(rank: int) -> str:
    return {0: "", 1: "2nd", 2: "3rd"}.get(rank, f"{rank + 1}th")


def _told(draft: _Draft) -> str:
    """Returns what a cell trains, for people: ``F0, 2 epochs``."""
    run = draft.runs[0]
    return ", ".join([run.label, *(f"{axis} {choice}" for axis, choice in run.labels.items() if axis not in _TOLD)])


_TOLD = {"model", "lr"}


def _apart(drafts: Sequence[_Draft]) -> list[_Draft]:
    """Returns the drafts with each extension ended at the first run that another cell holds: a run has one cell, or it
    would count in the figures of one and be missing from the optimum of the other."""
    taken = {run.id for draft in drafts for run in draft.runs}
    apart: list[_Draft] = []
    for draft in drafts:
        below = tuple(takewhile(lambda run: run not in taken, reversed(draft.cell.below)))[::-1]
        above = tuple(takewhile(lambda run: run not in taken, draft.cell.above))
        taken.update(below, above)
        extensions = tuple(run for run in draft.extensions if run.id in (*below, *above))
        apart.append(replace(draft, extensions=extensions, cell=replace(draft.cell, below=below, above=above)))
    return apart


def _identical(drafts: Iterable[_Draft]) -> Iterator[Diagnostic]:
    """Yields a diagnostic for each cell with a run that is already in another."""
    seen: dict[str, _Draft] = {}
    for draft in drafts:
        first = next((seen[run.id] for run in draft.runs if run.id in seen), None)
        seen.update((run.id, draft) for run in draft.runs)
        if first is not None:
            yield Diagnostic(
                "identical-runs",
                f"`{draft.definition.name}` asks for a run that is already in the study",
                Label(draft.definition.block.name.span, f"a run of this block ({_told(draft)})"),
                (Label(first.definition.block.name.span, f"is the same as one of this block ({_told(first)})"),),
                help="remove the repetition, or give one of them another `seed`",
            )
