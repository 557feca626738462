"""`study.json`: a study's spec as it was given, and what of its plan a reader of its results needs."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, assert_never

from nfdsl.plan import Plan
from nfdsl.schema.evaluation import Metric
from nfdsl.schema.report import Figure
from nfdsl.schema.training import Grid, Monotone
from nfdsl.source import Source
from nfdsl.study.directory import StudyDirectory, Unreadable, unreadable
from nfdsl.study.fields import Fields, Malformed, parse
from nfdsl.study.landscape import Landscape
from nfdsl.study.lists import numbers, objects, texts
from nfdsl.study.tuning.ladder import Ladder


@dataclass(frozen=True)
class Imported:
    """The text of a file the spec imports."""

    path: str  # as seen from where `Description.spec_path` starts
    text: str


@dataclass(frozen=True)
class Description:
    """What `study.json` holds."""

    study: str
    spec: str  # the text
    spec_path: str  # as the user gave it
    imports: tuple[Imported, ...]  # at any depth
    assignments: tuple[str, ...]  # what ``--set`` changed, as it was given
    figures: tuple[Figure, ...]
    cells: tuple[Ladder, ...]


def describe(plan: Plan, source: Source, imports: Sequence[Source] = (), assignments: Sequence[str] = ()) -> str:
    """Returns the text of `study.json` for the plan of the spec `source`."""
    content = {
        "study": plan.study,
        "spec": source.text,
        "spec_path": source.name,
        "imports": [{"path": each.name, "text": each.text} for each in imports],
        "assignments": list(assignments),
        "figures": [{"kind": figure.kind, "of": figure.of, "fit": figure.fit} for figure in plan.figures],
        "cells": [_cell(ladder) for ladder in Landscape(plan).ladders.values()],
    }
    return json.dumps(content, indent=1)


def read_description(directory: StudyDirectory) -> Description:
    """Returns what `study.json` says. Raises `Unreadable`."""
    path = directory.study_json
    try:
        fields = parse(path.read_bytes())
        return Description(
            study=fields.text("study"),
            spec=fields.text("spec"),
            spec_path=fields.text("spec_path"),
            imports=tuple(Imported(each.text("path"), each.text("text")) for each in objects(fields, "imports")),
            assignments=texts(fields, "assignments"),
            figures=tuple(map(_read_figure, objects(fields, "figures"))),
            cells=tuple(map(_read_cell, objects(fields, "cells"))),
        )
    except FileNotFoundError:
        raise Unreadable(path, "there is no such file, so this is not the directory of a study") from None
    except OSError as error:
        raise unreadable(path, error) from None
    except Malformed as error:
        raise Unreadable(path, str(error)) from error


def _cell(ladder: Ladder) -> dict[str, Any]:
    return {
        "id": ladder.id,
        "runs": list(ladder.runs),
        "lrs": list(ladder.rates),
        "below": ladder.below,
        "above": ladder.above,
        **_tuner(ladder.tuner),
        "minimizing": ladder.minimizing,
        "leans_on": list(ladder.leans_on),
        "small": ladder.small,
    }


def _tuner(tuner: Grid | Monotone) -> dict[str, Any]:
    match tuner:
        case Grid(extend):
            return {"tuner": "grid", "extend": extend}
        case Monotone(trials, extend):
            return {"tuner": "monotone", "trials": trials, "extend": extend}
        case _:
            assert_never(tuner)


def _read_cell(fields: Fields) -> Ladder:
    return Ladder(
        id=fields.text("id"),
        runs=texts(fields, "runs"),
        rates=numbers(fields, "lrs"),
        below=fields.whole("below"),
        above=fields.whole("above"),
        tuner=_read_tuner(fields),
        minimizing=_read_metric(fields),
        leans_on=texts(fields, "leans_on"),
        small=fields.flag("small"),
    )


def _read_tuner(fields: Fields) -> Grid | Monotone:
    match fields.text("tuner"):
        case "grid":
            return Grid(fields.whole("extend"))
        case "monotone":
            return Monotone(fields.whole("trials"), fields.whole("extend"))
        case other:
            raise Malformed(f'"tuner" should be "grid" or "monotone", not {other!r}')


def _read_metric(fields: Fields) -> Metric:
    match fields.text("minimizing"):
        case "holdout.loss" | "holdout.error" as metric:
            return metric
        case other:
            raise Malformed(f'"minimizing" should be "holdout.loss" or "holdout.error", not {other!r}')


def _read_figure(fields: Fields) -> Figure:
    kind, fit = fields.text("kind"), fields.text("fit")
    match kind, fit:
        case (
            ("loss_vs_compute" | "optimal_lr" | "error_vs_compute"),
            ("none" | "power_law" | "saturating" | "double" | "parametric" | "isoflop" | "envelope"),
        ):
            return Figure(kind, fields.text("of"), fit)
        case _:
            raise Malformed(f"{kind!r} with fit {fit!r} is no figure that can be drawn")
