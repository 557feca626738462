"""Why a run has to be done although the study directory holds one like it: what the spec says now that it did not.

Runs are compared with those of the plan the directory was last carried out with: of the same block, model and
labels. What is found is kept in `plan.json` until the run is done, so that a study that is stopped
meanwhile still knows.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import log

from nfdsl.lower import lower
from nfdsl.plan import Plan, PlannedRun
from nfdsl.run_json import UnreadableRun, load
from nfdsl.schema.run import Run
from nfdsl.study.differences import differences
from nfdsl.study.directory import StudyDirectory
from nfdsl.study.fields import Fields, Malformed, parse
from nfdsl.study.lists import objects, texts, texts_by_name
from nfdsl.study.numerals import count

_MOST = 3  # settings named of one run
_Name = tuple[str, str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True)
class _Before:
    """A run of the earlier plan."""

    id: str
    name: _Name
    lr: float
    start_cells: frozenset[str]
    because: str | None  # it was not the one there was before that


def reasons(plan: Plan, directory: StudyDirectory) -> dict[str, str]:
    """Returns for each run that is not the one there was before what changed, in the spec's words.

    Runs of the earlier plan have none, nor have those of a directory without a plan that can be read.
    """
    before = _read(directory)
    kept = {each.id: each.because for each in before if each.because is not None}
    known, cells = {run.id for run in before}, {run.id: run.cell for run in plan.runs}
    loaded: dict[str, Run | None] = {}
    found: dict[str, str] = {}
    if not before:
        return found
    for run in plan.runs:
        if run.id in known:
            found.update({run.id: kept[run.id]} if run.id in kept else {})
            continue
        alike = sorted((each for each in before if each.name == _name(run)), key=lambda each: _far(each.lr, run.lr))
        for each in alike:
            loaded.setdefault(each.id, _load(directory, each.id))
        changed = list(_changed(run, alike, loaded, cells)) if alike else list(_new(run, before))
        if changed:
            found[run.id] = _listed(changed)
    return found


def told(plan: Plan, because: Mapping[str, str], done: Iterable[str]) -> list[str]:
    """Returns a line for each reason and block: ``would run 6 of scaling because lr changed 0.1 -> 0.2``."""
    ended, runs = set(done), dict[tuple[str, str], int]()
    for run in plan.runs:
        if run.id in because and run.id not in ended:
            key = (run.block, because[run.id])
            runs[key] = runs.get(key, 0) + 1
    return [f"would run {count(number, 'run')} of {block} because {why}" for (block, why), number in runs.items()]


def _changed(
    run: PlannedRun, alike: Sequence[_Before], loaded: Mapping[str, Run | None], cells: Mapping[str, str]
) -> Iterator[str]:
    """Yields the settings in which a run differs from the ones of its name: from the nearest that was begun."""
    begun = [(each, old) for each in alike if (old := loaded[each.id]) is not None]
    if not begun:
        return
    nearest, old = begun[0]
    yield from differences(old, lower(run, old.start))
    if run.lr not in {each.lr for each in alike}:
        rates = ", ".join(f"{rate:g}" for rate in sorted({each.lr for each in alike}))
        yield f"lr changed {rates} -> {run.lr:g}" if len(alike) == 1 else f"lr {run.lr:g} is new beside {rates}"
    if run.start is not None and frozenset(cells[each] for each in run.start.candidates) != nearest.start_cells:
        yield "the runs it may start from changed"


def _new(run: PlannedRun, before: Sequence[_Before]) -> Iterator[str]:
    """Yields what of a run's name no run of its block had."""
    relatives = [each.name for each in before if each.name[0] == run.block]
    if not relatives:
        yield f"{run.block} is new"
        return
    if run.label not in {model for _, model, _ in relatives}:
        yield f"model {run.label} is new"
    choices = {choice for _, _, labels in relatives for choice in labels}
    yield from (f"{axis} {choice} is new" for axis, choice in _name(run)[2] if (axis, choice) not in choices)


def _read(directory: StudyDirectory) -> list[_Before]:
    with suppress(OSError, Malformed):
        return [_before(run) for run in objects(parse(directory.plan_json.read_bytes()), "runs")]
    return []


def _before(run: Fields) -> _Before:
    labels = texts_by_name(run, "labels")
    name = (run.text("block"), run.text("model"), _sorted(labels))
    because = None if run.values.get("because") is None else run.text("because")
    return _Before(run.text("id"), name, run.number("lr"), frozenset(texts(run, "start_cells")), because)


def _load(directory: StudyDirectory, run_id: str) -> Run | None:
    with suppress(OSError, UnreadableRun):
        return load(directory.run_json(run_id).read_text("utf-8"))
    return None


def _name(run: PlannedRun) -> _Name:
    return run.block, run.label, _sorted(run.labels)


def _sorted(labels: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((axis, choice) for axis, choice in labels.items() if axis not in ("model", "lr")))


def _far(one: float, other: float) -> float:
    return abs(log(one / other))


def _listed(changed: Sequence[str]) -> str:
    more = f", and {len(changed) - _MOST} more" if len(changed) > _MOST else ""
    return ", ".join(changed[:_MOST]) + more
