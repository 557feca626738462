# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
"""The Fiddle configs of a study's tuned runs, and what a report tells from them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from fiddle import printing

from nfdsl.run_json import UnreadableRun, configure, load
from nfdsl.schema.data import ArrayRecord, Builtin, Folder, Source
from nfdsl.schema.run import Run
from nfdsl.study.directory import StudyDirectory, Unreadable
from nfdsl.study.records import Record

_IMAGENET_CLASSES = 1000


def tuned_runs(directory: StudyDirectory, records: Sequence[Record]) -> Mapping[str, Run]:
    """Returns the tuned runs by id, as far as they were prepared. Raises `Unreadable`."""
    paths = {record.id: directory.run_json(record.id) for record in records if record.tuned}
    return {run_id: _load(path) for run_id, path in paths.items() if path.exists()}


def config_text(run: Run) -> str:
    """Returns a run's Fiddle config, a setting in a line; where its spec lies is nobody else's business."""
    return printing.as_str_flattened(configure(replace(run, folder=".")), include_types=False)


def imagenet_blocks(records: Sequence[Record], runs: Mapping[str, Run]) -> frozenset[str]:
    """Returns the blocks that train on ImageNet: 1,000 classes, and a source that names it."""
    return frozenset(record.block for record in records if record.id in runs and _imagenet(runs[record.id]))


def seeds(runs: Mapping[str, Run]) -> str:
    """Returns the seeds of the runs in words; empty where no run was prepared."""
    recipes = [run.recipe for run in runs.values()]
    told = {
        "weights and dropout": sorted({recipe.seed for recipe in recipes}),
        "order of examples": sorted({recipe.sampling.seed for recipe in recipes}),
    }
    return "; ".join(f"{name} {', '.join(map(str, numbers))}" for name, numbers in told.items() if numbers)


def _load(path: Path) -> Run:
    try:
        return load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, UnreadableRun) as error:
        raise Unreadable(path, str(error)) from error


def _imagenet(run: Run) -> bool:
    data = run.recipe.data
    return data.classes == _IMAGENET_CLASSES and "imagenet" in _place(data.source).lower()


def _place(source: Source) -> str:
    match source:
        case Builtin(name):
            return name
        case Folder(path):
            return path
        case ArrayRecord(pattern):
            return pattern
