"""A study's status as JSON with stable keys, and as tables for people."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from nfdsl.study.display.groups import Entry, summed, whole
from nfdsl.study.display.summary import state_line, summary_table
from nfdsl.study.numerals import count
from nfdsl.study.records import Record
from nfdsl.study.status import Status
from nfdsl.study.tuning.survey import Settled, survey


def status_json(status: Status, audits: Mapping[str, str]) -> str:
    """Returns the JSON of ``nfdsl status --json``. What a run has not told, or not yet, is null.

    Args:
      status: of the study.
      audits: the verdicts on the sampling of complete runs, by id.
    """
    verdicts = survey(status.ladders, status.known)
    cells = [
        {
            "id": cell,
            "settled": isinstance(verdict, Settled),
            "censored": verdict.censored if isinstance(verdict, Settled) else None,
        }
        for cell, verdict in verdicts.items()
    ]
    running = None if status.holder is None else vars(status.holder)
    runs = [_run(record, status, audits) for record in status.records]
    return json.dumps({"study": status.study, "holder": running, "runs": runs, "cells": cells}, indent=1)


def print_status(status: Status, console: Console) -> None:
    """Prints who carries the study out, its state, a line for each block and model, and what runs or failed."""
    entries = [entry(record, status) for record in status.records]
    found = summed(entries, status.ladders, status.known, by_model=True)
    study = whole(found)
    console.print(Text(f"{status.study}: {study.over:,} of {count(study.total, 'run')}, {_held(status)}"))
    console.print(Text(f"{state_line(study)}\n"))
    console.print(summary_table(found, console.width))
    for line in _told(status):
        console.print(Text(line), soft_wrap=True)


def entry(record: Record, status: Status) -> Entry:
    """Returns what the state of the study needs to know of a run."""
    return Entry(
        run=record.id,
        block=record.block,
        model=record.model,
        point=_point(record),
        over=record.state in ("done", "diverged", "failed", "unneeded"),
        active=_state(record, status) == "running",
        unneeded=record.state == "unneeded",
        diverged=record.state == "diverged",
        missing=record.state == "failed",
        share=record.step / record.steps,
        flops=record.train_flops + record.sam_flops,
        core_hours=record.core_hours,
        holdout_loss=record.holdout_loss,
        top1=record.top1,
    )


def _run(record: Record, status: Status, audits: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": record.id,
        "block": record.block,
        "model": record.model,
        "labels": dict(record.labels),
        "cell": record.cell,
        "lr": record.lr,
        "epochs": record.epochs,
        "state": _state(record, status),
        "step": record.step,
        "steps": record.steps,
        "train_loss": record.train_loss,
        "holdout_loss": record.holdout_loss,
        "top1": record.top1,
        "accuracies": dict(record.accuracies),
        "audit": audits.get(record.id),
        "seconds": record.seconds,
        "tuned": record.tuned,
        "failure": record.failure,
    }


def _state(record: Record, status: Status) -> str:
    """Returns the run's state; what was begun waits while nobody carries the study out."""
    return "waiting" if record.state == "running" and status.holder is None else record.state


def _held(status: Status) -> str:
    if status.holder is None:
        return "not being carried out"
    return f"carried out by process {status.holder.pid} on {status.holder.host} since {status.holder.started}"


def _told(status: Status) -> Iterator[str]:
    """Yields a line for each run that is being trained, was stopped or failed."""
    for record in status.records:
        name = f"{record.id} {record.block} {record.model}, {_point(record)}"
        if record.state == "running":
            word = "running" if status.holder is not None else "stopped"
            yield f"{word}  {name}: step {record.step:,} of {record.steps:,}"
        elif record.state == "failed":
            yield f"failed   {name}: {record.failure}"


def _point(record: Record) -> str:
    others = (choice for axis, choice in record.labels.items() if axis not in ("model", "lr"))
    return ", ".join((*others, f"lr {record.lr:g}"))
