"""A run, or the mean of its replicates, as a row of a CSV file, in columns that `nfdsl fit` reads."""

from collections.abc import Sequence
from dataclasses import astuple

from nfdsl.analysis.drawing import Numbers
from nfdsl.analysis.replicates import Replicated
from nfdsl.study.records import Record

RUN_HEADINGS = (
    "run",
    "block",
    "model",
    "epochs",
    "lr",
    "params",
    "macs_per_image",
    "examples",
    "compute",
    "core_hours",
    "loss",
    "top1",
)


def run_numbers(record: Record) -> tuple[str | float | None, ...]:
    """Returns the row of a run, with an entry for each of `RUN_HEADINGS`."""
    return (
        record.id,
        record.block,
        record.model,
        record.epochs,
        record.lr,
        record.params,
        record.macs_per_image,
        record.images,
        record.train_flops,
        record.core_hours,
        record.holdout_loss,
        record.top1,
    )


MEAN_HEADINGS = (*RUN_HEADINGS, "seeds", "loss_deviation", "top1_deviation")


def mean_numbers(record: Replicated) -> tuple[str | float | None, ...]:
    """Returns the row of a mean, with an entry for each of `MEAN_HEADINGS`; standard deviations are over seeds."""
    return (*run_numbers(record), len(record.done), record.loss_deviation, record.top1_deviation)


def all_means(records: Sequence[Replicated]) -> Numbers:
    """Returns every mean over seeds, with its state and its choices."""
    axes = _axes(records)
    rows = (
        (*mean_numbers(record), len(record.members), record.state, str(record.tuned), *_choices(record, axes))
        for record in records
    )
    return Numbers((*MEAN_HEADINGS, "planned_seeds", "state", "tuned", *axes), tuple(rows))


# Of the table of all runs, before their choices: see `runs_csv`, which reads it.
ALL_HEADINGS = (
    *RUN_HEADINGS,
    "top5",
    "training_loss",
    "sam_flops",
    "state",
    "step",
    "steps",
    "seconds",
    "tuned",
    "start",
    "replicates",
    "best_step",
    "best_loss",
    "best_top1",
    "kind",
    "cell",
    "minimizing",
)
LABEL = "label:"  # before the name of an axis, whose column holds a run's choice


def all_runs(records: Sequence[Record]) -> Numbers:
    """Returns every run with its state, its choices, and what else was measured of it."""
    axes, others = _axes(records), other_accuracies(records)
    rows = (
        (
            *run_numbers(record),
            record.top5,
            record.train_loss,
            record.sam_flops,
            record.state,
            record.step,
            record.steps,
            record.seconds,
            str(record.tuned),
            record.start,
            record.replicates,
            *((None, None, None) if record.best is None else astuple(record.best)),
            record.kind,
            record.cell,
            record.minimizing,
            *_choices(record, axes),
            *(record.accuracies.get(name) for name in others),
        )
        for record in records
    )
    return Numbers((*ALL_HEADINGS, *axes, *others), tuple(rows))


def other_accuracies(records: Sequence[Record]) -> tuple[str, ...]:
    """Returns the names of the accuracies that some run has besides top-1 and top-5."""
    return tuple(dict.fromkeys(name for record in records for name in record.accuracies))


def _axes(records: Sequence[Record]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"{LABEL}{axis}" for record in records for axis in record.labels))


def _choices(record: Record, axes: Sequence[str]) -> tuple[str | None, ...]:
    return tuple(record.labels.get(axis.removeprefix(LABEL)) for axis in axes)
