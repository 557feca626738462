"""`study.json`: a study's spec as it was given, and what of its plan a reader of its results needs."""

import json
from dataclasses import dataclass
from typing import Any, assert_never

from nfdsl.plan import Cell, Plan
from nfdsl.schema.report import Figure
from nfdsl.schema.training import Grid, Metric, Monotone
from nfdsl.source import Source
from nfdsl.study.directory import StudyDirectory, Unreadable
from nfdsl.study.fields import Fields, Malformed, parse
from nfdsl.study.lists import objects, texts


@dataclass(frozen=True)
class Description:
    """What `study.json` holds."""

    study: str
    spec: str  # the text
    spec_path: str  # as the user gave it
    figures: tuple[Figure, ...]
    cells: tuple[Cell, ...]


def describe(plan: Plan, source: Source) -> str:
    """Returns the text of `study.json` for the plan of the spec `source`."""
    content = {
        "study": plan.study,
        "spec": source.text,
        "spec_path": source.name,
        "figures": [{"kind": figure.kind, "of": figure.of, "fit": figure.fit} for figure in plan.figures],
        "cells": [_cell(cell) for cell in plan.cells],
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
            figures=tuple(map(_read_figure, objects(fields, "figures"))),
            cells=tuple(map(_read_cell, objects(fields, "cells"))),
        )
    except FileNotFoundError:
        raise Unreadable(path, "there is no such file, so this is not the directory of a study") from None
    except Malformed as error:
        raise Unreadable(path, str(error)) from error


def _cell(cell: Cell) -> dict[str, Any]:
    match cell.tuner:
        case Grid():
            tuner = {"tuner": "grid"}
        case Monotone(trials):
            tuner = {"tuner": "monotone", "trials": trials}
        case _:
            assert_never(cell.tuner)
    return {"id": cell.id, "runs": list(cell.runs), "minimizing": cell.minimizing, **tuner}


def _read_cell(fields: Fields) -> Cell:
    return Cell(fields.text("id"), texts(fields, "runs"), _read_tuner(fields), _read_metric(fields))


def _read_tuner(fields: Fields) -> Grid | Monotone:
    match fields.text("tuner"):
        case "grid":
            return Grid()
        case "monotone":
            return Monotone(fields.whole("trials"))
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
