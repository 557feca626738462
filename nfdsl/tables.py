"""A plan as JSON with stable keys, and as tables for people."""

import json
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from nfdsl.plan import Plan, PlannedRun, Program
from nfdsl.study.forecast import CellForecast, still_to_come
from nfdsl.study.landscape import swept
from nfdsl.study.tuning.ladder import Ladder
from nfdsl.study.tuning.search import expected

_WIDE = 96  # columns of a terminal with room for every column of the plan


def plan_json(
    plan: Plan,
    states: Mapping[str, str],
    because: Mapping[str, str] = MappingProxyType({}),
    cells: Sequence[CellForecast] = (),
    compiled: Container[str] = (),
) -> str:
    """Returns the JSON of ``nfdsl plan --json``.

    Args:
      states: the state of each run already begun.
      because: what changed, for each run that is not the one there was before.
      cells: what is known of each cell.
      compiled: ids of the programs whose core-hours are the compiler's estimate, not those of a stated MFU.
    """
    of_run, basis = {run.id: run.cell for run in plan.runs}, _basis(plan, compiled)

    def entry(run: PlannedRun) -> dict[str, Any]:
        return _run(run, of_run, states.get(run.id, "waiting"), because.get(run.id))

    return json.dumps(
        {
            "study": plan.study,
            "programs": [_program(program, basis.get(program.id)) for program in plan.programs],
            "runs": [entry(run) for run in plan.runs],
            "extensions": [entry(run) for run in plan.extensions],
            "cells": [_cell(cell) for cell in cells],
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


def _program(program: Program, core_hours_of: str | None) -> dict[str, Any]:
    return {
        "id": program.id,
        "model": program.model,
        "params": program.params,
        "macs_per_image": program.macs_per_image,
        "train_resolution": program.train_resolution,
        "batch": program.batch,
        "core_hours_of": core_hours_of,
    }


def _cell(cell: CellForecast) -> dict[str, Any]:
    return {
        "id": cell.ladder.id,
        "lrs": list(cell.ladder.rates),
        "settled": cell.settled,
        "lr": cell.best,
        "censored": cell.censored,
        "ended": cell.ended,
        "to_come": cell.to_come,
        "at_most": cell.at_most,
    }


def _run(run: PlannedRun, cells: Mapping[str, str], state: str, because: str | None) -> dict[str, Any]:
    candidates = run.start.candidates if run.start else ()
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
        "depends_on": list(candidates),
        "weights": run.weights and run.weights.sha256,
        "start_cells": list(dict.fromkeys(cells[candidate] for candidate in candidates)),
        "program": run.program,
        "cell": run.cell,
        "replicates": run.replicates,
        "state": state,
        "because": because,
    }


def print_plan(
    plan: Plan, cells: Sequence[CellForecast], changes: Iterable[str], compiled: Container[str], console: Console
) -> None:
    """Prints the programs, then the runs, cell by cell, then the sums, and what changed since the last time.

    Core-hours of the programs `compiled` are told to be the compiler's estimate.
    """
    console.print(_programs_table(plan))
    console.print(_cells_table(plan, cells, wide=console.width >= _WIDE))
    sums = totals(plan)
    hours = f", {_short(sums['core_hours'])} core-hours" if sums["core_hours"] else ""
    console.print(
        f"\n{sums['runs']} runs of {sums['programs']} programs: {_short(sums['images'])} images, "
        f"{_short(sums['train_flops'])} training FLOPs{hours}",
        highlight=False,
    )
    for line in (*_hours_of(plan, compiled), *_to_come(plan, cells), *changes):
        console.print(line, highlight=False, markup=False)


def _basis(plan: Plan, compiled: Container[str]) -> dict[str, str]:
    """Returns what the core-hours of each program are made of, where it has any."""
    costed = dict.fromkeys(run.program for run in plan.runs if run.core_hours is not None)
    return {program: "compiled program" if program in compiled else "stated mfu" for program in costed}


def _hours_of(plan: Plan, compiled: Container[str]) -> Iterator[str]:
    """Yields what core-hours are made of, where there are any."""
    basis = _basis(plan, compiled)
    stated = {run.recipe.hardware.mfu for run in plan.runs if basis.get(run.program) == "stated mfu"}
    known = dict.fromkeys(program.model for program in plan.programs if basis.get(program.id) == "compiled program")
    shares = f"6 x multiply-adds an image at {' or '.join(f'{mfu:.0%}' for mfu in sorted(stated))} of the chips' peak"
    if known and stated:
        yield f"core-hours of {', '.join(known)}: as estimated by the compiler; of the others: {shares}"
    elif known:
        yield "core-hours: as estimated by the compiler"
    elif stated:
        yield f"core-hours: {shares}, the `mfu` of the hardware"


def _to_come(plan: Plan, cells: Sequence[CellForecast]) -> Iterator[str]:
    """Yields what is done and would run, and how many of the runs tuning needs."""
    ended, (to_come, at_most) = sum(cell.ended for cell in cells), still_to_come(cells)
    bound = f", {at_most} at most" if at_most != to_come else ""
    if ended:
        yield f"{ended} done, {to_come} would run{_cost(plan, cells)}{bound}"
    elif to_come < len(plan.runs):
        where = "where optima fall slowly with size and budget"
        yield f"tuning tries {to_come} of these{_cost(plan, cells)} {where}{bound}"
    elif bound:
        yield f"tuning goes on beyond a range at whose end its best lies: {at_most} runs at most"


def _cost(plan: Plan, cells: Sequence[CellForecast]) -> str:
    """Returns the compute of what is still to come, where nothing is unusual."""
    runs = {run.id: run for run in plan.runs}
    coming = [(runs[cell.ladder.range[0]], cell.to_come) for cell in cells if cell.to_come]
    hours = [run.core_hours * times for run, times in coming if run.core_hours is not None]
    if hours:
        return f" ({_short(sum(hours))} core-hours)"
    flops = sum((run.train_flops + run.sam_flops) * times for run, times in coming)
    return f" ({_short(flops)} training FLOPs)" if flops else ""


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


def _cells_table(plan: Plan, cells: Sequence[CellForecast], *, wide: bool) -> Table:
    """Returns the cells block by block. FLOPs give way to core-hours where there is no room for both."""
    runs = {run.id: run for run in plan.runs}
    timed = any(run.core_hours is not None for run in plan.runs)
    costs = (*(("FLOPs",) if wide or not timed else ()), *(("core-hours",) if timed else ()))
    table = Table(title="\nRuns", title_justify="left", box=None, pad_edge=False)
    table.add_column("model", no_wrap=True)
    table.add_column("varied")
    for heading in ("rates", "steps", *costs, "state"):
        table.add_column(heading, justify="right", no_wrap=True)
    previous = ""
    for cell in cells:
        first = runs[cell.ladder.range[0]]
        if first.block != previous:
            table.add_row(escape(first.block))
        cost = {"FLOPs": _short(first.train_flops + first.sam_flops), "core-hours": _short(first.core_hours)}
        table.add_row(
            f"  {escape(first.label)}",
            escape(", ".join(swept(first))),
            _rates(cell.ladder),
            _short(first.length.steps),
            *(cost[heading] for heading in costs),
            _state(cell),
        )
        previous = first.block
    return table


def _rates(ladder: Ladder) -> str:
    """Returns how many learning rates there are, and how many of them are tried."""
    rates, tried = len(ladder.range), expected(ladder)
    return f"{tried} of {rates}" if tried < rates else f"{rates}"


def _state(cell: CellForecast) -> str:
    if not cell.settled:
        return f"{cell.ended} of {cell.ended + cell.to_come} done" if cell.ended else "waiting"
    if cell.best is None:
        return "no result"
    if len(cell.ladder.runs) == 1:
        return "done"
    return f"lr {cell.best:g}" + (f", {cell.censored} tried" if cell.censored else "")


def _short(number: float | None) -> str:
    """Returns a number to three digits with an SI prefix or an exponent."""
    if number is None:
        return "-"
    if number >= 1e15:
        return f"{number:.2e}".replace("e+", "e")
    for size, prefix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.3g}{prefix}"
    return f"{number:.3g}"
