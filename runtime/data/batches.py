"""The batch of a step, and batches one after the other.

A batch is a function of the run and the step: starting at step 10^9 costs what starting at 0 does,
and nothing needs to be saved. Views are numbered through the whole run: view p shows unique image
``u = p // repeat`` for the ``p % repeat``-th time, and unique image u is position ``u % examples`` of
epoch ``u // examples``.
"""

import os
from collections.abc import Callable, Generator
from contextlib import closing
from typing import NamedTuple

import grain
import numpy as np
from numpy.typing import NDArray

from nfdsl.schema.run import Run
from runtime.data.augment import augmented, chances, resized
from runtime.data.order import order
from runtime.data.records import Records
from runtime.data.splitting import Split

_THREADS = min(8, os.cpu_count() or 1)  # each builds one batch ahead


class Batch(NamedTuple):
    """One step's images. Rows past the end of the data have weight 0, example -1 and zeros elsewhere."""

    images: NDArray[np.uint8]  # [b, side, side, 3]
    labels: NDArray[np.int32]  # [b]
    weights: NDArray[np.float32]  # [b]
    examples: NDArray[np.int64]  # [b], record indices
    views: NDArray[np.int32]  # [b], 0 to repeat - 1


Batches = Generator[Batch, None, None]  # to be closed if not exhausted: batches are built ahead in threads


def training_batches(
    run: Run, records: Records, split: Split, *, first_step: int, process_index: int = 0, process_count: int = 1
) -> Batches:
    """Yields this process's part of the batches of steps `first_step` to ``run.length.steps - 1``.

    The parts of all processes, one after the other, are the batch that a single process would get.

    Raises:
      ValueError: the batch cannot be divided among so many processes.
      DataError: while iterating; a record cannot be read.
    """
    rows = process_rows(run.recipe.batch, process_index, process_count)
    return _ahead(lambda step: training_batch(run, records, split, step, rows), range(first_step, run.length.steps))


def training_batch(run: Run, records: Records, split: Split, step: int, rows: range) -> Batch:
    """Returns `rows` of the batch of one step."""
    recipe, seed, side = run.recipe, run.recipe.sampling.seed, run.recipe.resolution.train
    begin = step * recipe.batch
    shown = np.arange(begin + rows.start, min(begin + rows.stop, run.length.images))
    unique, views = np.divmod(shown, recipe.augment.repeat)
    epochs, positions = np.divmod(unique, split.examples)
    examples = split.records(order(seed, epochs, positions, split.examples))
    batch = _empty(len(rows), side)
    layers = 0 if recipe.randaugment is None else recipe.randaugment.layers
    drawn = chances(seed, epochs, examples, views, layers)
    for row, (index, chance) in enumerate(zip(examples.tolist(), drawn, strict=True)):
        image, batch.labels[row] = records.read(index)
        batch.images[row] = augmented(image, recipe.augment, recipe.randaugment, chance, side)
    return _marked(batch, examples, views)


def evaluation_batches(
    records: Records,
    examples: NDArray[np.int64],
    *,
    side: int,
    batch: int,
    process_index: int = 0,
    process_count: int = 1,
) -> Batches:
    """Yields this process's part of batches that hold each of `examples` [n] once, in order, without random changes.

    Raises:
      ValueError: the batch cannot be divided among so many processes.
      DataError: while iterating; a record cannot be read.
    """
    rows = process_rows(batch, process_index, process_count)
    starts = range(rows.start, len(examples) + rows.start, batch)
    return _ahead(
        lambda step: evaluation_batch(records, examples[starts[step] :][: len(rows)], side, len(rows)),
        range(len(starts)),
    )


def evaluation_batch(records: Records, examples: NDArray[np.int64], side: int, size: int) -> Batch:
    """Returns a batch of `size` rows that shows `examples` [n <= size] whole."""
    batch = _empty(size, side)
    for row, index in enumerate(examples.tolist()):
        image, batch.labels[row] = records.read(index)
        batch.images[row] = resized(image, side)
    return _marked(batch, examples, np.zeros_like(examples))


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


def _marked(batch: Batch, examples: NDArray[np.int64], views: NDArray[np.int64]) -> Batch:
    """Writes into the first rows of `batch` which examples and views they show."""
    shown = slice(len(examples))
    batch.weights[shown] = 1
    batch.examples[shown] = examples
    batch.views[shown] = views
    return batch


def _ahead(build: Callable[[int], Batch], steps: range) -> Batches:
    """Yields ``build(step)`` for each of `steps`, building the next ones in other threads."""
    dataset = grain.MapDataset.range(steps.start, steps.stop).map(build)
    options = grain.ReadOptions(num_threads=_THREADS, prefetch_buffer_size=_THREADS)
    with closing(iter(dataset.to_iter_dataset(options))) as batches:
        yield from batches
