"""The plan of a study: every run it may need, what each depends on, and what must be compiled."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from nfdsl.check.point import Point
from nfdsl.check.rejected import Rejected
from nfdsl.check.scope import Definition
from nfdsl.check.study import CheckedBlock, Study
from nfdsl.cost import multiply_adds, parameters
from nfdsl.diagnostics import Diagnostic, Label
from nfdsl.identity import digest
from nfdsl.length import core_hours, images_of, length
from nfdsl.schema.data import BUILTIN_SIZES, Builtin, Data
from nfdsl.schema.hardware import Hardware
from nfdsl.schema.model import Model
from nfdsl.schema.program import program_key
from nfdsl.schema.report import Figure, Report
from nfdsl.schema.run import Length
from nfdsl.schema.setting import settings
from nfdsl.schema.training import Finetune, Grid, Metric, Monotone, Pretrain, Recipe, Training, Tune
from nfdsl.schema.units import Dimension, quantity


@dataclass(frozen=True)
class Selection:
    """The start of a fine-tune, known once its candidates are done.

    Of `candidates` the tuned ones (the best learning rate of each cell) are ranked by `by`;
    the one at `rank` (0 is best) is the start.
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
    kind: Literal["pretrain", "finetune"]
    label: str  # name of the model point, "F0"
    labels: dict[str, str]  # every axis it was swept along, in the spec's words
    cell: str  # runs of one cell differ only in learning rate
    program: str
    recipe: Recipe
    model: Model
    lr: float
    epochs: float  # views over the training set's size
    length: Length
    start: Selection | None
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


@dataclass(frozen=True)
class Plan:
    """A study, ready to be carried out. Runs are in an order in which they can be run."""

    study: str
    programs: tuple[Program, ...]
    runs: tuple[PlannedRun, ...]
    cells: tuple[Cell, ...]
    figures: tuple[Figure, ...]


def plan(study: Study, name: str) -> tuple[Plan | None, list[Diagnostic]]:
    """Returns the plan of a checked study, or none and what stands in its way."""
    drafts: list[_Draft] = []
    diagnostics: list[Diagnostic] = []
    for block in _training_blocks(study):
        try:
            drafts.extend(_drafts(block, drafts))
        except Rejected as rejected:
            diagnostics.extend(rejected.diagnostics)
    diagnostics.extend(_identical(drafts))
    if diagnostics:
        return None, list(dict.fromkeys(diagnostics))
    runs = [run for draft in drafts for run in draft.runs]
    programs = {draft.program.id: draft.program for draft in drafts}
    figures = [figure for block in study.blocks.values() for figure in _figures(block)]
    return Plan(name, tuple(programs.values()), tuple(runs), tuple(d.cell for d in drafts), tuple(figures)), []


@dataclass(frozen=True)
class _Draft:
    """One cell and its runs, with the block that asked for them."""

    definition: Definition
    program: Program
    runs: tuple[PlannedRun, ...]
    cell: Cell


@dataclass(frozen=True)
class _Network:
    """What a cell trains: a model by its label, from random weights or from a selection."""

    label: str
    model: Model
    start: Selection | None = None


def _training_blocks(study: Study) -> Iterator[CheckedBlock]:
    """Yields the blocks that train, those that others start from first."""
    for kind in ("pretrain", "finetune"):
        yield from (block for block in study.blocks.values() if block.definition.kind == kind)


def _figures(block: CheckedBlock) -> Iterable[Figure]:
    return (figure for point in block.points if isinstance(point.value, Report) for figure in point.value.figure)


def _drafts(block: CheckedBlock, earlier: list[_Draft]) -> Iterator[_Draft]:
    swept = _swept_axes(block.points)
    for point in block.points:
        match point.value:
            case Pretrain():
                networks = [_Network(dict(point.labels)["model"], point.value.model)]
            case Finetune():
                networks = list(_starts(point.value, earlier))
            case _:
                continue
        for network in networks:
            labels = {axis: choice for axis, choice in point.labels if axis in swept}
            yield _draft(block.definition, point.value, network, labels)


def _swept_axes(points: Iterable[Point[Any]]) -> set[str]:
    """Returns the axes along which a block's points differ."""
    choices: dict[str, set[str]] = {}
    for point in points:
        for axis, choice in point.labels:
            choices.setdefault(axis, set()).add(choice)
    return {axis for axis, seen in choices.items() if len(seen) > 1}


def _starts(finetune: Finetune, earlier: list[_Draft]) -> Iterator[_Network]:
    """Yields the networks a fine-tune begins from: the `best` of each model."""
    start = finetune.start
    models: dict[str, list[_Draft]] = {}
    for draft in earlier:
        if draft.definition.name == start.block:
            models.setdefault(draft.runs[0].label, []).append(draft)
    for label, drafts in models.items():
        candidates = tuple(run.id for draft in drafts for run in draft.runs)
        for rank in range(min(start.best, len(drafts))):
            yield _Network(label, drafts[0].runs[0].model, Selection(candidates, start.by, rank))


def _draft(definition: Definition, training: Training, network: _Network, labels: Mapping[str, str]) -> _Draft:
    """Returns one cell: a network and a recipe at every learning rate."""
    recipe = Recipe(**{setting.name: getattr(training, setting.name) for setting in settings(Recipe)})
    key = program_key(network.model, recipe)
    macs = multiply_adds(network.model, key.classes, key.resolution)
    params = parameters(network.model, key.classes)
    program = Program(digest(key), network.label, params, macs, key.resolution, key.batch)
    examples = _examples(recipe.data, definition)
    size = _length(training, 6 * macs, examples, definition)
    tune = training.lr if isinstance(training.lr, Tune) else Tune((training.lr,))
    rates = sorted(set(tune.over))
    content = (_essence(recipe), network.model, size, network.start)
    cell = digest("cell", content, training.lr)
    sam_flops = round(6 * macs * size.images * recipe.sam.fraction) if recipe.sam else 0
    rank = {"start": f"{_ordinal(network.start.rank)} best"} if network.start and network.start.rank else {}
    runs = tuple(
        PlannedRun(
            id=digest(content, lr),
            block=definition.name,
            kind="pretrain" if network.start is None else "finetune",
            label=network.label,
            labels={"model": network.label, **labels, **rank, **({"lr": f"{lr:g}"} if len(rates) > 1 else {})},
            cell=cell,
            program=program.id,
            recipe=recipe,
            model=network.model,
            lr=lr,
            epochs=size.images / examples,
            length=size,
            start=network.start,
            train_flops=6 * macs * size.images,
            sam_flops=sam_flops,
            core_hours=core_hours(6 * macs * size.images + sam_flops, recipe.hardware),
        )
        for lr in rates
    )
    ids = tuple(run.id for run in runs)
    return _Draft(definition, program, runs, Cell(cell, ids, tune.using, tune.minimizing))


def _essence(recipe: Recipe) -> Recipe:
    """Returns a recipe without what does not make a run another one: hardware changes what it costs, and
    the warm-up is in its length already, whatever unit it was written in."""
    no_warmup = quantity(0, Dimension.STEPS)
    return replace(recipe, hardware=Hardware(), schedule=replace(recipe.schedule, warmup=no_warmup))


def _ordinal(rank: int) -> str:
    return {0: "", 1: "2nd", 2: "3rd"}.get(rank, f"{rank + 1}th")


def _examples(data: Data, definition: Definition) -> int:
    """Returns the images of one epoch: declared, or known of a built-in source."""
    if data.examples is not None:
        return data.examples
    if isinstance(data.source, Builtin):
        return BUILTIN_SIZES[data.source.name].examples - data.holdout
    raise Rejected(
        Diagnostic(
            "unknown-examples",
            "how many images an epoch has is not known",
            Label(definition.settings["data"][0].span, "this data block does not say"),
            help="set `examples` in the data block, for example `examples 1_281_167 images`",
        )
    )


def _length(training: Training, flops_per_image: int, examples: int, definition: Definition) -> Length:
    """Returns the run's exact length; refuses a budget of nothing and a warm-up that outlasts it."""
    budget = definition.settings["budget"][0]
    try:
        images = images_of(
            training.budget,
            examples=examples,
            batch=training.batch,
            flops_per_image=flops_per_image,
            hardware=training.hardware,
        )
    except ValueError as error:
        advice = "write the budget in epochs, or name hardware with a known peak"
        raise Rejected(Diagnostic("unknown-rate", str(error), Label(budget.span, "in hours"), help=advice)) from None
    size = length(images, training.batch, training.schedule.warmup, examples)
    if images < 1:
        headline = f"a budget of {training.budget} pays for no image"
        raise Rejected(Diagnostic("empty-budget", headline, Label(budget.span, "too small"), help="raise the budget"))
    if size.warmup_steps >= size.steps:
        raise Rejected(
            Diagnostic(
                "warmup-outlasts-budget",
                f"the warm-up of {size.warmup_steps:,} steps does not end within the budget's {size.steps:,} steps",
                Label(definition.settings["schedule"][0].span, "the warm-up is set here"),
                (Label(budget.span, f"{training.budget} of {examples:,} images in batches of {training.batch:,}"),),
                help="shorten the warm-up or raise the budget",
            )
        )
    return size


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
                Label(draft.definition.block.name.span, "a run of this block"),
                (Label(first.definition.block.name.span, "is the same as one of this block"),),
                help="remove the repetition, or give one of them another `seed`",
            )
