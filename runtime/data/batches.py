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
    run: Run, records: Records, index: Index, rows: NDArray[np.int64], *, first_step: int, processes: int = 1
) -> Batches[Fed]:
    """Yields this process's part of the batches of steps `first_step` to ``run.length.steps - 1``.

    Args:
      rows: [n], ascending, those of each batch that are its part; a row is the same whichever process feeds it.
      processes: how many feed the run, for the ledger.

    Raises:
      DataError: while iterating; a record cannot be read.
    """

    def build(step: int) -> Fed:
        return training_batch(run, records, index, step, rows, processes)

    return _ahead(build, range(first_step, run.length.steps))


def training_batch(run: Run, records: Records, index: Index, step: int, rows: NDArray[np.int64], processes: int) -> Fed:
    """Returns `rows` [n], ascending, of the batch of one step. Raises `DataError`."""
    recipe, side = run.recipe, run.recipe.resolution.train
    views = _below(run.length.images, step * recipe.batch + rows)
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
    return Fed(batch, entries(index, step, views, keys, unread, processes))


def evaluation_batches(
    records: Records,
    examples: NDArray[np.int64],
    rows: NDArray[np.int64],
    *,
    side: int,
    batch: int,
    on_corrupt: OnCorrupt = "stop",
) -> Batches[Batch]:
    """Yields this process's part of batches that hold each of `examples` [n] once, in order, without random changes.

    Args:
      rows: [m], ascending, those of each batch that are its part.
      batch: rows of a whole one.

    Raises:
      DataError: while iterating; a record cannot be read.
    """

    def build(step: int) -> Batch:
        shown = examples[_below(len(examples), step * batch + rows)]
        return evaluation_batch(records, shown, side, len(rows), on_corrupt)

    return _ahead(build, range(-(-len(examples) // batch)))


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


def _below(end: int, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Returns those of ascending numbers that are not past the end of the data."""
    return numbers[: np.searchsorted(numbers, end)]


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
            raise Unreadable(f"{unreadable}; mend it, or leave such images out: `on_corrupt skip`") from unreadable
        log.warning("left out: %s", unreadable)
        return None


def _ahead(build: Callable[[int], T], steps: range) -> Batches[T]:
    """Yields ``build(step)`` for each of `steps`, building the next ones in other threads."""
    dataset = grain.MapDataset.range(steps.start, steps.stop).map(build)
    options = grain.ReadOptions(num_threads=_THREADS, prefetch_buffer_size=_THREADS)
    with closing(iter(dataset.to_iter_dataset(options))) as batches:
        yield from batches
