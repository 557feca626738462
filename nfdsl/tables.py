"""A plan as JSON with stable keys, and as tables for people."""

import json
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from nfdsl.plan import Plan, PlannedRun, Program
from nfdsl.schema.training import Monotone


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
        "replicates": run.replicates,
        "state": state,
    }


def print_plan(plan: Plan, states: Mapping[str, str], console: Console) -> None:
    """Prints the programs, then the runs, cell by cell, then the sums."""
    console.print(_programs_table(plan))
    console.print(_cells_table(plan, states))
    sums = totals(plan)
    hours = f", {_short(sums['core_hours'])} core-hours" if sums["core_hours"] else ""
    console.print(
        f"\n{sums['runs']} runs of {sums['programs']} programs: {_short(sums['images'])} images, "
        f"{_short(sums['train_flops'])} training FLOPs{hours}",
        highlight=False,
    )
    if (least := _runs_tried(plan)) < sums["runs"]:
        console.print(f"tuning settles each cell in a few trials: at most {least} of these are run", highlight=False)


def _runs_tried(plan: Plan) -> int:
    """Returns how many runs there are at most when each cell runs no more than its tuner's trials."""
    return sum(
        min(cell.tuner.trials, len(cell.runs)) if isinstance(cell.tuner, Monotone) else len(cell.runs)
        for cell in plan.cells
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
    table.add_column("varied", no_wrap=True)
    for heading in ("rates", "steps", "FLOPs", "core-hours", "state"):
        table.add_column(heading, justify="right", no_wrap=True)
    runs = {run.id: run for run in plan.runs}
    previous = ""
    for cell in plan.cells:
        first = runs[cell.runs[0]]
        table.add_row(
            escape(first.block) if first.block != previous else "",
            escape(first.label),
            escape(", ".join(_varied(first))),
            str(len(cell.runs)),
            f"{first.length.steps:,}",
            _short(first.train_flops + first.sam_flops),
            _short(first.core_hours),
            _state([states.get(run, "waiting") for run in cell.runs]),
        )
        previous = first.block
    return table


def _varied(run: PlannedRun) -> list[str]:
    """Returns what sets a cell apart; a bare number says which setting it is of."""
    return [
        f"{axis.rpartition('.')[2]} {choice}" if choice.replace(".", "").isdigit() else choice
        for axis, choice in run.labels.items()
        if axis not in ("model", "lr")
    ]


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
