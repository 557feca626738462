"""What a block costs: parameters and multiply-adds of a model, runs and FLOPs of a training block."""

from collections.abc import Iterator, Sequence

from nfdsl.check.point import Point
from nfdsl.check.scope import Definition
from nfdsl.cost.network import multiply_adds, parameters
from nfdsl.editor.document import Document
from nfdsl.editor.resolved import label, models
from nfdsl.plan import Plan, PlannedRun
from nfdsl.schema.model import Model
from nfdsl.schema.training import Monotone

_HEADER = "| | parameters | multiply-adds / image | at |\n|---|--:|--:|---|"
_IMAGENET_CLASSES, _IMAGENET_RESOLUTION = 1_000, 224  # what papers state costs at
_MOST = 16  # networks of one block that are shown


def costs(document: Document, definition: Definition) -> str:
    """Returns what a block of a study that is in order will cost, as Markdown; empty where nothing is known."""
    match definition.kind:
        case "model":
            return _model(document, definition)
        case "pretrain" | "finetune":
            planned = document.plan_of(definition.name)
            return _training(planned, definition.name) if planned else ""
        case _:
            return ""


def _training(planned: Plan, block: str) -> str:
    runs = [run for run in planned.runs if run.block == block]
    if not runs:
        return ""
    flops = sum(run.train_flops + run.sam_flops for run in runs)
    cells, programs = {run.cell for run in runs}, {run.program for run in runs}
    facts = [
        f"{len(runs):,} runs in {len(cells):,} cells of {len(programs):,} programs",
        f"{flops:.3g} training FLOPs".replace("e+", "e"),
        *_hours(runs),
        *_fewer(planned, block, len(runs)),
    ]
    return "; ".join(facts)


def _hours(runs: Sequence[PlannedRun]) -> Iterator[str]:
    hours = [run.core_hours for run in runs if run.core_hours is not None]
    if hours:
        yield f"{sum(hours):,.0f} core-hours"


def _fewer(planned: Plan, block: str, runs: int) -> Iterator[str]:
    """Yields how many runs tuning tries, where it does not try them all."""
    blocks = {run.id: run.block for run in planned.runs}
    cells = [cell for cell in planned.cells if blocks[cell.runs[0]] == block]
    trials = [cell.tuner.trials if isinstance(cell.tuner, Monotone) else len(cell.runs) for cell in cells]
    tried = sum(min(most, len(cell.runs)) for most, cell in zip(trials, cells, strict=True))
    if tried < runs:
        yield f"tuning tries {tried:,} of them where optima fall slowly"


def _model(document: Document, definition: Definition) -> str:
    """Returns a row for each program that trains one of the networks, or what they cost on ImageNet."""
    networks = models(document, definition)
    planned = document.plan_with(definition.name)
    rows = [row for point in networks[:_MOST] for row in _programs_of(planned, point.value)] if planned else []
    rows = rows or [_on_imagenet(point, definition.name) for point in networks[:_MOST]]
    return "\n".join([_HEADER, *dict.fromkeys(rows)]) if rows else ""


def _programs_of(planned: Plan, model: Model) -> Iterator[str]:
    programs = {program.id: program for program in planned.programs}
    for run in planned.runs:
        if run.model == model:
            program = programs[run.program]
            at = f"{program.train_resolution}px, `{run.block}`"
            yield _row(run.label, program.params, program.macs_per_image, at)


def _on_imagenet(point: Point[Model], name: str) -> str:
    params = parameters(point.value, _IMAGENET_CLASSES, _IMAGENET_RESOLUTION)
    macs = multiply_adds(point.value, _IMAGENET_CLASSES, _IMAGENET_RESOLUTION)
    return _row(label(point) or name, params, macs, f"{_IMAGENET_RESOLUTION}px, {_IMAGENET_CLASSES:,} classes")


def _row(label: str, params: int, macs: int, at: str) -> str:
    return f"| {label} | {params:,} | {macs:,} | {at} |"
