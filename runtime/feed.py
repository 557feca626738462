"""Batches on the devices: this process's part of each, as part of the global arrays."""

from collections.abc import Generator
from contextlib import closing

import jax
import numpy as np
from numpy.typing import NDArray

from nfdsl.schema.run import Run
from runtime.data.batches import evaluation_batches, training_batches
from runtime.data.dataset import Dataset
from runtime.data.records import Records
from runtime.evaluate import Inputs
from runtime.program import Program

Feed = Generator[Inputs, None, None]  # to be closed if not exhausted: batches are built ahead in threads


def training_feed(program: Program, run: Run, dataset: Dataset, step: int) -> Feed:
    """Yields the batches of steps `step` to the last."""
    index, count = jax.process_index(), jax.process_count()
    batches = training_batches(
        run, dataset.records, dataset.split, first_step=step, process_index=index, process_count=count
    )
    with closing(batches):
        yield from map(program.inputs, batches)


def evaluation_feed(program: Program, run: Run, dataset: Dataset) -> Feed:
    """Yields batches that hold each image to evaluate on once."""
    yield from examples_feed(program, run, dataset.evaluation, dataset.evaluated)


def examples_feed(program: Program, run: Run, records: Records, examples: NDArray[np.int64]) -> Feed:
    """Yields batches that hold each of `examples` once, in order, as evaluation sees them."""
    side, size = run.recipe.resolution.eval, run.recipe.batch
    index, count = jax.process_index(), jax.process_count()
    batches = evaluation_batches(records, examples, side=side, batch=size, process_index=index, process_count=count)
    with closing(batches):
        yield from map(program.inputs, batches)
