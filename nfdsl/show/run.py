"""One run of a study with everything resolved: no grids, no defaults, no choices but those of training itself."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from textwrap import wrap
from typing import Any, Literal

from nfdsl.check.study import Study
from nfdsl.lower import lower
from nfdsl.plan import Plan, PlannedRun, Selection
from nfdsl.run_json import configure, dump
from nfdsl.schema.blocks import KINDS, Block
from nfdsl.schema.model import Model, fine_tuned
from nfdsl.schema.run import Run, Weights
from nfdsl.schema.setting import Setting, settings
from nfdsl.schema.training import Finetune, Released
from nfdsl.schema.units import Dimension, quantity
from nfdsl.show.unsayable import MARK, sayable
from nfdsl.show.written import Writer, docstring
from nfdsl.source import Source
from nfdsl.syntax.format import formatted

_WIDTH = 96  # of comments within a block
_MOST_NAMED = 5


class UnknownRun(Exception):
    """No run, or more than one, is meant; the message says which could be."""


def find(plan: Plan, prefix: str) -> PlannedRun:
    """Returns the run whose id begins with `prefix`.

    Raises:
      UnknownRun: there is none, or there are several.
    """
    found = [run for run in (*plan.runs, *plan.extensions) if run.id.startswith(prefix)]
    if len(found) == 1:
        return found[0]
    if found:
        raise UnknownRun(f"`{prefix}` begins the ids of {len(found)} runs: {_listed(found)}")
    nearest = get_close_matches(prefix, [run.id[: max(len(prefix), 1)] for run in plan.runs], n=_MOST_NAMED, cutoff=0.5)
    meant = [run for run in plan.runs if any(run.id.startswith(near) for near in nearest)]
    advice = f"did you mean {_listed(meant)}?" if meant else "`nfdsl plan FILE --json` lists them"
    raise UnknownRun(f"no run of this study has an id that begins with `{prefix}`; {advice}")


def shown_as(form: Literal["nfx", "fiddle", "json"], run: PlannedRun, plan: Plan, study: Study) -> str:
    """Returns a run of a study's plan in one of three forms, as lines of text."""
    match form:
        case "nfx":
            return as_nfx(run, plan, study)
        case "fiddle":
            return as_fiddle(run)
        case "json":
            return as_json(run)


def as_fiddle(run: PlannedRun) -> str:
    """Returns the Fiddle config of a run as Fiddle prints it."""
    return f"{configure(_lowered(run))!r}\n"


def as_json(run: PlannedRun) -> str:
    """Returns what will be the run's ``run.json``."""
    return f"{dump(_lowered(run))}\n"


def as_nfx(run: PlannedRun, plan: Plan, study: Study) -> str:
    """Returns a spec of this run alone; the plan of a pretraining run's spec has one run, of the same id.

    What a fine-tune starts from is not known before its candidates are done: a comment says so in place.
    """
    names: dict[Block, str] = {}
    for name, block in study.blocks.items():
        for point in block.points:
            names.setdefault(point.value, name)
    about = f"Run {run.id} of {plan.study}: {described(run)}."
    start = None if run.weights is None else _released(run, run.weights, study)
    model = run.model if start is None else start.model
    blocks = ["\n".join(_block(value, model, run, names)) for value in _referred_to(run, model) if value in names]
    spec = Source("", "\n\n".join([docstring(about), *blocks, "\n".join(_training(run, start, names))]))
    text = formatted(sayable(spec))
    assert text is not None
    return text


def _lowered(run: PlannedRun) -> Run:
    """Returns the run, with words in place of a start that is not known yet."""
    return lower(run, None if run.start is None else f"not known yet: {_candidates(run.start)}")


def _candidates(start: Selection) -> str:
    rank = "best" if start.rank == 0 else f"number {start.rank + 1}"
    return f"{rank} by {start.by} of the tuned runs among candidates {', '.join(start.candidates)}"


def _released(run: PlannedRun, weights: Weights, study: Study) -> Released:
    """Returns what a run's block says of the released weights that the run begins from."""
    values = (point.value for point in study.blocks[run.block].points)
    starts = (value.start for value in values if isinstance(value, Finetune))
    return next(
        start
        for start in starts
        if isinstance(start, Released) and start.file == weights.path and fine_tuned(start.model) == run.model
    )


def _referred_to(run: PlannedRun, model: Model) -> Iterator[Block]:
    """Yields the blocks a run's block names, and those they name, each after what it needs."""
    against = run.recipe.data.dedup.against if run.recipe.data.dedup else None
    data = [run.recipe.data]
    while against is not None:
        data.append(against)
        against = against.dedup.against if against.dedup else None
    yield from reversed(data)
    yield run.recipe.hardware
    yield model


def _block(value: Block, model: Model, run: PlannedRun, names: Mapping[Block, str]) -> Iterator[str]:
    yield f"{_kind(value)} {names[value]} {{" + (f"  # {run.label}" if value == model else "")
    for setting in settings(type(value)):
        yield _line(setting, getattr(value, setting.name), names)
    yield "}"


def _training(run: PlannedRun, start: Released | None, names: Mapping[Block, str]) -> Iterator[str]:
    values: dict[str, Any] = {setting.name: getattr(run.recipe, setting.name) for setting in settings(type(run.recipe))}
    values |= {
        "model": run.model,
        "start": start,
        "lr": run.lr,
        "budget": quantity(run.length.images, Dimension.IMAGES),
    }
    yield f"{run.kind} {run.block} {{"
    for setting in settings(KINDS[run.kind][0]):
        if setting.name == "start" and run.start is not None:
            yield from (f"# {line}" for line in wrap(f"start: not known yet: {_candidates(run.start)}", _WIDTH))
        else:
            steps = f"  # {run.length.steps:,} steps" if setting.name == "budget" else ""
            yield _line(setting, values[setting.name], names) + steps
    yield "}"


def _line(setting: Setting, value: Any, names: Mapping[Block, str]) -> str:
    if isinstance(value, Block) and value not in names:
        return f"# {setting.name}: default ({Writer(names).block(value)})"
    mark = MARK if value == setting.default else ""
    return f"{setting.name} {Writer(names).written(value, setting)}{mark}"


def _kind(value: Block) -> str:
    return next(kind for kind, classes in KINDS.items() if isinstance(value, classes))


def _listed(runs: Sequence[PlannedRun]) -> str:
    shown = ", ".join(f"{run.id} ({described(run)})" for run in runs[:_MOST_NAMED])
    return shown + (", ..." if len(runs) > _MOST_NAMED else "")


def described(run: PlannedRun) -> str:
    """Returns what sets a run apart from others, for people."""
    varied = [f"{axis} {choice}" for axis, choice in run.labels.items() if axis != "model"]
    return ", ".join([f"{run.block} {run.label}", *varied])
