"""What the weights of a run are worth: on held-out images, on the way and at the end, and as features."""

import math
import time
from collections.abc import Generator
from contextlib import closing

import jax
import numpy as np
from numpy.typing import NDArray

from nfdsl.schema.probes import FewShot
from runtime.data.dataset import open_dataset
from runtime.data.records import Records
from runtime.evaluate import Evaluation, evaluate
from runtime.evaluations import Evaluated, Evaluations
from runtime.events import Compiled
from runtime.feed import evaluation_feed, examples_feed
from runtime.few_shot import Features, accuracies, candidates, collected
from runtime.job import Job
from runtime.parameters import Parameters
from runtime.processes import agreed
from runtime.running_losses import Diverged
from runtime.state import TrainState

_NOTHING = Evaluation(None, None, None, 0)


def evaluated(
    job: Job, state: TrainState, step: int, evaluations: Evaluations
) -> Generator[Compiled, None, Evaluation]:
    """Returns what the weights after `step` steps are worth on held-out images; measures it unless that was done.

    Of several processes all measure it, and the first writes it down.

    Raises:
      Diverged: the loss is not finite.
      StoppedAt: the run was asked to stop.
    """
    if not job.dataset.evaluated.size:
        return _NOTHING
    if not agreed(evaluations.at(step) is not None):
        compiled = yield from job.compiled(step, job.program.evaluator(job.run.recipe.resolution.eval))
        began = time.monotonic()
        with closing(evaluation_feed(job.program, job.run, job.dataset)) as inputs:
            reassessed = job.dataset.reassessed if job.run.recipe.objective is None else None
            measured = evaluate(compiled, _weights(state), job.until_stopped(step, inputs), reassessed)
        if measured.loss is not None and not math.isfinite(measured.loss):
            raise Diverged(step)
        evaluations.add(Evaluated(step, time.monotonic() - began, measured))
    done = evaluations.at(step)
    return _NOTHING if done is None else done.measured


def few_shot(job: Job, state: TrainState, probe: FewShot) -> Generator[Compiled, None, dict[str, float]]:
    """Returns the accuracies of the few-shot probe of the last weights. Raises `DataError`, `StoppedAt`."""
    last = job.run.length.steps
    step = yield from job.compiled(last, job.program.featurizer(job.run.recipe.resolution.eval))
    dataset, on_corrupt = open_dataset(probe.data, job.run.folder), probe.data.on_corrupt

    def features(records: Records, examples: NDArray[np.int64]) -> Features:
        with closing(examples_feed(job.program, job.run, records, examples, on_corrupt)) as inputs:
            return collected(jax.device_get(step(_weights(state), *batch)) for batch in job.until_stopped(last, inputs))

    train = features(dataset.records, candidates(dataset, probe.data.classes))
    return accuracies(probe, train, features(dataset.evaluation, dataset.evaluated))


def _weights(state: TrainState) -> Parameters:
    return state.parameters if state.average is None else state.average
