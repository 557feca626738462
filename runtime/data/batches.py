"""The batch of a step, and batches one after the other.

A batch is a function of the run and the step: starting at step 10^9 costs what starting at 0 does,
and nothing needs to be saved. What its views show is told by `nfdsl.sampling.course`; what was really
read for them goes into the rows of the ledger that come with it.
"""

import logging
import os
from collections.abc import Callable, Generator
from contextlib import closing
from typing import NamedTuple, TypeVar

import grain
import numpy as np
from numpy.typing import NDArray

from nfdsl.sampling.entries import entries
from nfdsl.sampling.index import Index
from nfdsl.sampling.ledger import Rows
from nfdsl.schema.data import OnCorrupt
from nfdsl.schema.run import Run
from runtime.data.augment import augmented, chances, resized
from runtime.data.records import Example, Records, Unreadable

_THREADS = min(8, os.cpu_count() or 1)  # each builds one batch ahead

log = logging.getLogger(__name__)


class Batch(NamedTuple):
    """One step's images. Rows past the end of the data, or left out, have weight 0, example -1 and no image."""

    images: NDArray[np.uint8]  # [b, side, side, 3]
    labels: NDArray[np.int32]  # [b]
    weights: NDArray[np.float32]  # [b]
    examples: NDArray[np.int64]  # [b], record indices
    views: NDArray[np.int32]  # [b], 0 to repeat - 1


class Fed(NamedTuple):
    """This process's part of the batch of a step."""

    batch: Batch
    rows: Rows  # of the ledger: what was read for it


T = TypeVar("T")
Batches = Generator[T, None, None]  # to be closed if not exhausted: batches are built ahead in threads


def training_batches(
    run: Run, records: Records, index: Index, *, first_step: int, process_index: int = 0, process_count: int = 1
) -> Batches[Fed]:
    """Yields this process's part of the batches of steps `first_step` to ``run.length.steps - 1``.

    The parts of all processes, one after the other, are the batch that a single process would get.

    Raises:
      ValueError: the batch cannot be divided among so many processes.
      DataError: while iterating; a record cannot be read.
    """
    rows = process_rows(run.recipe.batch, process_index, process_count)

    def build(step: int) -> Fed:
        return training_batch(run, records, index, step, rows, process_count)

    return _ahead(build, range(first_step, run.length.steps))


def training_batch(run: Run, records: Records, index: Index, step: int, rows: range, process_count: int) -> Fed:
    """Returns `rows` of the batch of one step. Raises `DataError`."""
    recipe, side = run.recipe, run.recipe.resolution.train
    begin = step * recipe.batch
    views = np.arange(begin + rows.start, max(begin + rows.start, min(begin + rows.stop, run.length.images)))
    shown = index.course.at(views)
    layers = 0 if recipe.randaugment is None else recipe.randaugment.layers
    drawn = chances(recipe.sampling.seed, shown.epochs, shown.records, shown.repeats, layers)
    batch, keys = _empty(len(rows), side), index.keys(shown.records)
    for row, (record, chance) in enumerate(zip(shown.records.tolist(), drawn, strict=True)):
        example = _read(records, record, recipe.data.on_corrupt)
        if example is not None:
            batch.images[row] = augmented(example.image, recipe.augment, recipe.randaugment, chance, side)
            batch.labels[row], batch.weights[row], batch.examples[row] = example.label, 1, record
            keys.shards[row], keys.places[row] = example.key  # what was read, whatever should have been
    batch.views[: len(views)] = shown.repeats
    unread = batch.weights[: len(views)] == 0
    return Fed(batch, entries(index, step, views, keys, unread, process_count))


def evaluation_batches(
    records: Records,
    examples: NDArray[np.int64],
    *,
    side: int,
    batch: int,
    process_index: int = 0,
    process_count: int = 1,
    on_corrupt: OnCorrupt = "stop",
) -> Batches[Batch]:
    """Yields this process's part of batches that hold each of `examples` [n] once, in order, without random changes.

    Raises:
      ValueError: the batch cannot be divided among so many processes.
      DataError: while iterating; a record cannot be read.
    """
    rows = process_rows(batch, process_index, process_count)
    starts = range(rows.start, len(examples) + rows.start, batch)
    return _ahead(
        lambda step: evaluation_batch(records, examples[starts[step] :][: len(rows)], side, len(rows), on_corrupt),
        range(len(starts)),
    )


def evaluation_batch(
    records: Records, examples: NDArray[np.int64], side: int, size: int, on_corrupt: OnCorrupt = "stop"
) -> Batch:
    """Returns a batch of `size` rows that shows `examples` [n <= size] whole. Raises `DataError`."""
    batch = _empty(size, side)
    for row, record in enumerate(examples.tolist()):
        example = _read(records, record, on_corrupt)
        if example is not None:
            batch.images[row] = resized(example.image, side)
            batch.labels[row], batch.weights[row], batch.examples[row] = example.label, 1, record
    return batch


def process_rows(batch: int, process_index: int, process_count: int) -> range:
    """Returns the rows of each batch that a process feeds.

    Raises:
      ValueError: `batch` is not a multiple of `process_count`.
    """
    if batch % process_count:
        raise ValueError(f"a batch of {batch:,} images cannot be divided evenly among {process_count} processes")
    share = batch // process_count
    return range(process_index * share, (process_index + 1) * share)


def _empty(size: int, side: int) -> Batch:
    return Batch(
        np.zeros((size, side, side, 3), np.uint8),
        np.zeros(size, np.int32),
        np.zeros(size, np.float32),
        np.full(size, -1, np.int64),
        np.zeros(size, np.int32),
    )


def _read(records: Records, record: int, on_corrupt: OnCorrupt) -> Example | None:
    """Returns a record; None where it cannot be read and may be left out. Raises `DataError`."""
    try:
        return records.read(record)
    except Unreadable as unreadable:
        if on_corrupt == "stop":
            raise
        log.warning("left out: %s", unreadable)
        return None


def _ahead(build: Callable[[int], T], steps: range) -> Batches[T]:
    """Yields ``build(step)`` for each of `steps`, building the next ones in other threads."""
    dataset = grain.MapDataset.range(steps.start, steps.stop).map(build)
    options = grain.ReadOptions(num_threads=_THREADS, prefetch_buffer_size=_THREADS)
    with closing(iter(dataset.to_iter_dataset(options))) as batches:
        yield from batches
