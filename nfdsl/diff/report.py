"""The difference of two specs as text and as JSON."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from nfdsl.diff.runs import Affected, Planned, affected
from nfdsl.diff.wording import Change, Said, changes, let_changes


@dataclass(frozen=True)
class Difference:
    """What changes from one spec to another, and which runs that affects."""

    changes: Sequence[Change]
    cells: Sequence[Affected]
    only_old: Sequence[str]  # run ids
    only_new: Sequence[str]
    both: Sequence[str]


def difference(old: Planned, new: Planned) -> Difference:
    """Returns what changes from one planned study to another."""
    runs = [[run.id for run in planned.plan.runs] for planned in (old, new)]
    ids = [set(side) for side in runs]
    return Difference(
        [*let_changes(old.lets, new.lets), *changes(old.study, new.study)],
        affected(old, new),
        [run for run in runs[0] if run not in ids[1]],
        [run for run in runs[1] if run not in ids[0]],
        [run for run in runs[0] if run in ids[1]],
    )


def to_json(difference: Difference) -> str:
    """Returns the JSON of ``nfdsl diff --json``; its keys are stable."""
    content = {
        "changes": [_change(change) for change in difference.changes],
        "runs": {"only_a": difference.only_old, "only_b": difference.only_new, "both": difference.both},
        "cells": [_cell(cell) for cell in difference.cells],
    }
    return json.dumps(content, indent=1)


def _change(change: Change) -> Mapping[str, Any]:
    return {
        "kind": change.kind,
        "block": change.block,
        "setting": change.setting,
        "old": _said(change.old),
        "new": _said(change.new),
        "heirs": change.heirs,
    }


def _said(said: Said | None) -> Mapping[str, Any] | None:
    return said and {"text": said.text, "file": said.file, "line": said.line}


def _cell(cell: Affected) -> Mapping[str, Any]:
    return {
        "block": cell.block,
        "model": cell.model,
        "labels": cell.labels,
        "only_a": cell.only_old,
        "only_b": cell.only_new,
        "both": cell.both,
        "causes": cell.causes,
    }


def to_text(difference: Difference, old: str, new: str) -> str:
    """Returns the difference as lines for people; `old` and `new` are what the specs are called."""
    lines = [*_wording(difference.changes, old, new), *_runs(difference, old, new)]
    return "\n".join(lines)


def _wording(changes: Sequence[Change], old: str, new: str) -> Iterator[str]:
    if not changes:
        yield "no setting has another value"
    for (kind, block, heirs), of_block in groupby(
        changes, key=lambda change: (change.kind, change.block, change.heirs)
    ):
        yield f"{kind} {block}" + (f" (and {', '.join(heirs)}, which inherits)" if heirs else "")
        for change in of_block:
            yield f"  {change.setting or 'the whole'}: {_side(change.old, old)} -> {_side(change.new, new)}"
    yield ""


def _side(said: Said | None, file: str) -> str:
    match said:
        case None:
            return "nothing"
        case Said(text, _, None):
            return text if text == "default" else f"{text} (default)"
        case Said(text, where, line):
            return f"{text} (line {line})" if where == file else f"{text} ({where}, line {line})"


def _runs(difference: Difference, old: str, new: str) -> Iterator[str]:
    if not difference.cells:
        yield f"the {len(difference.both)} runs are the same"
        return
    counts = [len(difference.both), len(difference.only_old), len(difference.only_new)]
    yield f"runs: {counts[0]} in both, {counts[1]} only in {old}, {counts[2]} only in {new}"
    by_cause: dict[tuple[str, ...], list[Affected]] = {}
    for cell in difference.cells:
        by_cause.setdefault((cell.block, *cell.causes), []).append(cell)
    for (block, *causes), cells in by_cause.items():
        yield f"\n{block}, because of {', '.join(causes)}"
        rows = [_row(cell) for cell in cells]
        width = max(len(name) for name, _ in rows)
        yield from (f"  {name:{width}}  {numbers}" for name, numbers in rows)


def _row(cell: Affected) -> tuple[str, str]:
    name = ", ".join([cell.model, *(f"{axis} {choice}" for axis, choice in cell.labels.items())])
    parts = [(len(cell.only_old), "gone"), (len(cell.only_new), "new"), (len(cell.both), "kept")]
    return name, ", ".join(f"{count} {what}" for count, what in parts if count)
