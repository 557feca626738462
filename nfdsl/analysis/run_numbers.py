"""A run as a row of a CSV file, in columns that `nfdsl fit` reads."""

from collections.abc import Sequence

from nfdsl.analysis.drawing import Numbers
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


def all_runs(records: Sequence[Record]) -> Numbers:
    """Returns every run with its state and its choices."""
    axes = tuple(dict.fromkeys(f"label:{axis}" for record in records for axis in record.labels))
    headings = (
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
    )
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
            *(record.labels.get(axis.removeprefix("label:")) for axis in axes),
        )
        for record in records
    )
    return Numbers((*headings, *axes), tuple(rows))
