"""Batches on the devices: this process's part of each, as part of the global arrays."""

from collections.abc import Generator
from contextlib import closing
from typing import NamedTuple, TypeVar

import jax
import numpy as np
from numpy.typing import NDArray

from nfdsl.sampling.index import Index
from nfdsl.sampling.ledger import Rows
from nfdsl.schema.data import OnCorrupt
from nfdsl.schema.run import Run
from runtime.data.batches import evaluation_batches, training_batches
from runtime.data.dataset import Dataset
from runtime.data.records import Records
from runtime.evaluate import Inputs
from runtime.program import Program

T = TypeVar("T")
Feed = Generator[T, None, None]  # to be closed if not exhausted: batches are built ahead in threads


class Step(NamedTuple):
    """What one step takes."""

    inputs: Inputs
    rows: Rows  # of the ledger: what this process read for it


def training_feed(program: Program, run: Run, records: Records, index: Index, step: int) -> Feed[Step]:
    """Yields the batches of steps `step` to the last."""
    processes = jax.process_count()
    with closing(training_batches(run, records, index, program.rows, first_step=step, processes=processes)) as batches:
        yield from (Step(program.inputs(fed.batch), fed.rows) for fed in batches)


def evaluation_feed(program: Program, run: Run, dataset: Dataset) -> Feed[Inputs]:
    """Yields batches that hold each image to evaluate on once."""
    yield from examples_feed(program, run, dataset.evaluation, dataset.evaluated, run.recipe.data.on_corrupt)


def examples_feed(
    program: Program, run: Run, records: Records, examples: NDArray[np.int64], on_corrupt: OnCorrupt
) -> Feed[Inputs]:
    """Yields batches that hold each of `examples` once, in order, as evaluation sees them."""
    recipe = run.recipe
    batches = evaluation_batches(
        records,
        examples,
        program.rows,
        side=recipe.resolution.eval,
        batch=recipe.batch,
        on_corrupt=on_corrupt,
    )
    with closing(batches):
        yield from map(program.inputs, batches)
