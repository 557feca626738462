"""A plan as JSON with stable keys, and as tables for people."""

import json
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from nfdsl.plan import Plan, PlannedRun, Program


def plan_json(plan: Plan, states: Mapping[str, str]) -> str:
    """Returns the JSON of ``nfdsl plan --json``; `states` holds the state of runs already begun."""
    return json.dumps(
        {
            "study": plan.study,
            "programs": [_program(program) for program in plan.programs],
            "runs": [_run(run, states.get(run.id, "waiting")) for run in plan.runs],
            "totals": totals(plan),
        },
        indent=1,
    )


def totals(plan: Plan) -> dict[str, Any]:
    """Returns the sums over every run the study may need."""
    hours = [run.core_hours for run in plan.runs if run.core_hours is not None]
    return {
        "runs": len(plan.runs),
        "programs": len(plan.programs),
        "images": sum(run.length.images for run in plan.runs),
        "train_flops": sum(run.train_flops for run in plan.runs),
        "sam_flops": sum(run.sam_flops for run in plan.runs),
        "core_hours": sum(hours) if hours else None,
    }


def _program(program: Program) -> dict[str, Any]:
    return {
        "id": program.id,
        "model": program.model,
        "params": program.params,
        "macs_per_image": program.macs_per_image,
        "train_resolution": program.train_resolution,
        "batch": program.batch,
    }


def _run(run: PlannedRun, state: str) -> dict[str, Any]:
    return {
        "id": run.id,
        "block": run.block,
        "kind": run.kind,
        "model": run.label,
        "labels": run.labels,
        "lr": run.lr,
        "epochs": run.epochs,
        "steps": run.length.steps,
        "images": run.length.images,
        "train_flops": run.train_flops,
        "sam_flops": run.sam_flops,
        "core_hours": run.core_hours,
        "depends_on": list(run.start.candidates) if run.start else [],
        "program": run.program,
        "cell": run.cell,
        "state": state,
    }


def print_plan(plan: Plan, states: Mapping[str, str], console: Console) -> None:
    """Prints the programs, then the runs, cell by cell, then the sums."""
    console.print(_programs_table(plan))
    console.print(_cells_table(plan, states))
    sums = totals(plan)
    hours = f", {_short(sums['core_hours'])} core-hours" if sums["core_hours"] else ""
    console.print(
        f"{sums['runs']} runs of {sums['programs']} programs: {_short(sums['images'])} images, "
        f"{_short(sums['train_flops'])} training FLOPs{hours}",
        highlight=False,
    )


def _programs_table(plan: Plan) -> Table:
    table = Table("model", title="Programs (each compiled once)", title_justify="left", box=None, pad_edge=False)
    for heading in ("resolution", "batch", "parameters", "multiply-adds / image"):
        table.add_column(heading, justify="right")
    for program in plan.programs:
        table.add_row(
            escape(program.model),
            f"{program.train_resolution}px",
            f"{program.batch:,}",
            f"{program.params:,}",
            f"{program.macs_per_image:,}",
        )
    return table


def _cells_table(plan: Plan, states: Mapping[str, str]) -> Table:
    table = Table("block", title="\nRuns", title_justify="left", box=None, pad_edge=False)
    table.add_column("model")
    table.add_column("labels")
    for heading in ("learning rates", "epochs", "steps", "images", "FLOPs / run", "core-hours / run", "state"):
        table.add_column(heading, justify="right")
    runs = {run.id: run for run in plan.runs}
    for cell in plan.cells:
        first = runs[cell.runs[0]]
        labels = [choice for axis, choice in first.labels.items() if axis not in ("model", "lr")]
        table.add_row(
            escape(first.block),
            escape(first.label),
            escape(", ".join(labels)),
            _rates([runs[run].lr for run in cell.runs]),
            f"{first.epochs:g}",
            f"{first.length.steps:,}",
            f"{first.length.images:,}",
            _short(first.train_flops),
            _short(first.core_hours),
            _state([states.get(run, "waiting") for run in cell.runs]),
        )
    return table


def _rates(rates: list[float]) -> str:
    return f"{rates[0]:g}" if len(rates) == 1 else f"{len(rates)}: {rates[0]:g} .. {rates[-1]:g}"


def _state(states: list[str]) -> str:
    done = sum(state in ("done", "diverged") for state in states)
    if len(states) == 1:
        return states[0]
    return "waiting" if not done else f"{done} of {len(states)} done"


def _short(number: float | None) -> str:
    """Returns a number to three digits with an SI prefix or an exponent."""
    if number is None:
        return "-"
    if number >= 1e15:
        return f"{number:.2e}"
    for size, prefix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.3g}{prefix}"
    return f"{number:.3g}"
