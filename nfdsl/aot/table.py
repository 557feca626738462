"""Estimates as JSON with stable keys, and as a table for people."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from nfdsl.aot.estimates import Estimate
from nfdsl.cost.published import COSTS_SOURCE, Cost, Published, published_cost
from nfdsl.schema.hardware import DEVICES, GIB

_PARTS = ("matrix", "memory", "optimizer", "collectives")
_CHOSEN = ("shards", "gather", "remat", "precision")


def announced(estimates: Iterable[Estimate], wanted: int, console: Console) -> Iterator[Estimate]:
    """Yields the estimates, and tells of each that took a compilation as soon as it is there."""
    for done, estimate in enumerate(estimates, 1):
        if not estimate.cached and estimate.error is None:
            seconds = estimate.report["compile_seconds"]
            console.print(f"{estimate.name}: compiled in {seconds:.0f} s, {done} of {wanted}", highlight=False)
        yield estimate


def estimates_json(estimates: Sequence[Estimate]) -> str:
    """Returns the JSON of ``nfdsl compile --json``."""
    return json.dumps({"programs": [_json(estimate) for estimate in estimates]}, indent=1)


def print_estimates(estimates: Sequence[Estimate], console: Console) -> None:
    """Prints what programs cost, where the time of a step goes, and what could not be compiled."""
    done = [estimate for estimate in estimates if estimate.error is None]
    if done:
        report = done[0].report
        console.print(_costs(done))
        console.print()
        console.print(_steps(done))
        console.print(
            f"\n{sum(map(study_core_hours, done)):,.0f} core-hours for all runs of these programs.\n"
            f"HBM, matrix, memory and update: as estimated by libtpu {report['libtpu']} (jax {report['jax']});"
            "\ncollectives: modelled, bytes over the rate of all links, less the work done meanwhile.",
            highlight=False,
        )
        for told in filter(None, map(_beside_published, done)):
            console.print(told, highlight=False)
    for estimate in estimates:
        if estimate.error is not None:
            console.print(f"{estimate.name}: {estimate.error}", markup=False, highlight=False)


def study_core_hours(estimate: Estimate) -> float:
    """Returns the core-hours of all runs of a program, every learning rate counted."""
    steps = sum(run.length.steps for run in estimate.target.runs)
    return steps * estimate.core_hours


def mfu(estimate: Estimate) -> float:
    """Returns the share of peak FLOP/s that model FLOPs (6 x multiply-adds an image) use."""
    target = estimate.target
    flops = 6 * target.program.macs_per_image * target.program.batch
    return flops / estimate.step_seconds / target.hardware.chips / DEVICES[target.hardware.device].flops_per_second


def _published(estimate: Estimate) -> tuple[Published, Cost] | None:
    """Returns the published network that a program trains, and what that has taken, if it is told."""
    run = estimate.target.runs[0]
    return published_cost(run.model, run.kind)


def _beside_published(estimate: Estimate) -> str | None:
    found = _published(estimate)
    if found is None:
        return None
    network, cost = found
    said = f"{estimate.name}: {network.name} is published with {cost.core_hours:,.0f} core-hours on TPU v4"
    if cost.images is None:
        return f"{said}, of images it does not tell"
    here = cost.images / estimate.target.program.batch * estimate.core_hours
    return f"{said} for {cost.images:.3g} images, which would take {here:,.0f} here"


def _json(estimate: Estimate) -> dict[str, Any]:
    target, report = estimate.target, estimate.report
    common = {
        "id": target.id,
        "model": target.program.model,
        "topology": target.hardware.slice,
        "params": target.program.params,
        "resolution": target.program.train_resolution,
        "batch": target.program.batch,
    }
    if estimate.error is not None:
        return {**common, "error": estimate.error}
    return {
        **common,
        **{choice: report[choice] for choice in _CHOSEN},
        "why": report["why"],
        "hbm_bytes": {
            "arguments": report["arguments"],
            "temporaries": report["temporaries"],
            "available": round(DEVICES[target.hardware.device].hbm),
        },
        "flops": 6 * target.program.macs_per_image * target.program.batch,
        "collective_bytes": report["collective_bytes"],
        "step_seconds": estimate.step_seconds,
        "breakdown": {part: report[part] for part in _PARTS},
        "mfu": mfu(estimate),
        "core_hours_per_billion_images": 1e9 / target.program.batch * estimate.core_hours,
        "core_hours": study_core_hours(estimate),
        "published": _published_json(estimate),
        "compile_seconds": report["compile_seconds"],
        "versions": {"jax": report["jax"], "libtpu": report["libtpu"]},
    }


def _published_json(estimate: Estimate) -> dict[str, Any] | None:
    found = _published(estimate)
    if found is None:
        return None
    network, cost = found
    return {"name": network.name, "core_hours": cost.core_hours, "images": cost.images, "source": COSTS_SOURCE}


def _costs(estimates: Sequence[Estimate]) -> Table:
    table = _table("Programs", "params", "HBM", "free", "step", "images/s/core", "MFU", "longest run")
    for estimate in estimates:
        target, report = estimate.target, estimate.report
        device, chips = DEVICES[target.hardware.device], target.hardware.chips
        used = report["arguments"] + report["temporaries"]
        table.add_row(
            estimate.name,
            f"{target.program.params / 1e6:,.1f}M",
            f"{used / GIB:.1f} GiB",
            f"{(device.hbm - used) / GIB:.1f} GiB",
            f"{1e3 * estimate.step_seconds:.1f} ms",
            f"{target.program.batch / estimate.step_seconds / chips / device.cores:,.1f}",
            f"{mfu(estimate):.1%}",
            f"{max(run.length.steps for run in target.runs) * estimate.core_hours:,.0f} core-h",
        )
    return table


def _steps(estimates: Sequence[Estimate]) -> Table:
    table = _table("Milliseconds of a step", "matrix", "memory", "update", "collectives", *_CHOSEN)
    for estimate in estimates:
        report = estimate.report
        times = (f"{1e3 * report[part]:.1f}" for part in _PARTS)
        table.add_row(estimate.name, *times, *(str(report[choice]) for choice in _CHOSEN))
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", title=title, title_justify="left")
    table.add_column("")
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    return table
