"""Training one run: from its folder's last checkpoint, or from its start, to its result.

Order in which things reach the disk: lines of metrics.jsonl and rows of the ledger, then the checkpoint
of that step, at last result.json. So whatever was killed continues from the checkpoint with the lines
and rows before it, and comes to the same result bit for bit, seconds aside.
"""

import math
import time
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event as Flag
from typing import TypeVar

import jax
import numpy as np
from numpy.typing import NDArray

from nfdsl.sampling.entries import combined
from nfdsl.sampling.index import Index
from nfdsl.sampling.ledger import FED, Anchor, rows_of, started
from nfdsl.schema.model import fine_tuned
from nfdsl.schema.probes import FewShot
from nfdsl.schema.run import Run, Weights
from runtime.checkpoint import restore, weights
from runtime.commits import Commits, committing
from runtime.compilation import Compilation
from runtime.data.dataset import Dataset, open_dataset
from runtime.data.indexing import index
from runtime.data.records import Records
from runtime.evaluate import Evaluation, Inputs, evaluate
from runtime.events import Compiled, Damaged, Done, Event, Saved, Started, Stopped
from runtime.feed import evaluation_feed, examples_feed, training_feed
from runtime.few_shot import Features, accuracies, candidates, collected
from runtime.ledger import Ledger
from runtime.metrics import Metrics
from runtime.parameters import Parameters
from runtime.processes import Agreement, first, gathered, same
from runtime.program import Program, Programs
from runtime.released.files import require_content
from runtime.released.weights import released
from runtime.results import Result, read_result, write_result
from runtime.running_losses import Diverged, RunningLosses
from runtime.state import TrainState
from runtime.transfer import transferred

T = TypeVar("T")

SAVE_SECONDS = 30.0  # of training between checkpoints
_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Start:
    """The finished run whose weights a fine-tune begins from, and its folder."""

    run: Run
    folder: Path


class RunError(Exception):
    """What is wrong with a run, in one sentence for the person who asked for it."""


def train(
    run: Run, folder: Path, programs: Programs, start: Start | None, stop: Flag, *, save_seconds: float = SAVE_SECONDS
) -> Iterator[Event]:
    """Trains and evaluates `run` in `folder` and yields what happens, `Done` or `Stopped` last.

    A complete run is not repeated. A loss that is not finite ends the run as a result, "diverged".

    Args:
      start: where the run's weights come from, if `run.start` says so; released ones it finds by itself.
      stop: once set, the state is saved and the generator ends with `Stopped`.
      save_seconds: training time between checkpoints.

    Raises:
      DataError, CheckpointError, LedgerError, ReleasedError, RunError: what the run needs is missing or does not fit.
    """
    complete = read_result(folder / "result.json")
    if complete is not None:
        yield Done(run.id, complete)
        return
    program, dataset = _program(run, programs), open_dataset(run.recipe.data)
    known = index(run, dataset.records, dataset.split)
    agreement, after = Agreement(stop, save_seconds), count(run.length.steps + 1)
    job = _Job(run, folder, program, dataset, known, agreement, after)
    _require_same_data(job)
    restored = restore(job.checkpoints, job.program.state)
    yield from (Damaged(run.id, step) for step in restored.damaged)
    yield Started(run.id, restored.step, run.length.steps)
    _begin_to_compile(job, restored.step)
    with (
        _outputs(folder) as outputs,
        closing(Metrics(outputs / "metrics.jsonl", run.length.steps, restored.step)) as metrics,
        committing(job.checkpoints, _ledger(outputs, job.index, restored.anchor)) as commits,
    ):
        try:
            state = restored.state or (yield from _initial_state(job, programs, start))
            state = yield from _trained(job, state, restored.step, metrics, commits)
            result = yield from _evaluated(job, state, metrics)
        except _Stopped as stopped:
            yield Stopped(run.id, stopped.step)
            return
        except Diverged as diverged:
            result = _diverged(job, diverged.step, metrics)
        write_result(outputs / "result.json", result)
        yield Done(run.id, result)


@dataclass(frozen=True)
class _Job:
    """What stays the same while one run is trained."""

    run: Run
    folder: Path
    program: Program
    dataset: Dataset
    index: Index
    agreement: Agreement
    after: Iterator[int]  # numbers of what is done after the last step, as processes agree when to stop

    @property
    def checkpoints(self) -> Path:
        return self.folder / "checkpoints"


def _program(run: Run, programs: Programs) -> Program:
    try:
        return programs.of(run)
    except ValueError as error:  # the batch does not divide evenly over the devices, or there is nothing to mask
        raise RunError(str(error)) from error


class _Stopped(Exception):
    """The run was asked to stop; the state after `step` steps is committed."""

    def __init__(self, step: int):
        super().__init__(step)
        self.step = step


@contextmanager
def _outputs(folder: Path) -> Iterator[Path]:
    """Yields where this process writes: the run's folder on the first one, elsewhere one that is thrown away."""
    if first():
        yield folder
    else:
        with TemporaryDirectory() as elsewhere:
            yield Path(elsewhere)


def _ledger(outputs: Path, index: Index, anchor: Anchor | None) -> Ledger:
    """Returns the run's ledger; that of a process which does not write is one of its own, that nothing comes of."""
    return Ledger(outputs, index, anchor if first() else None)


def _require_same_data(job: _Job) -> None:
    """Raises `RunError` where another process sees other data."""
    if not same(job.index.hash):
        raise RunError(
            f"the processes do not see the same data set {job.index.terms.source}: here its fingerprint is"
            f" {job.index.terms.fingerprint}"
        )


def _begin_to_compile(job: _Job, step: int) -> None:
    """Begins to compile what the run will need after `step` steps: all at once takes less time than one by one."""
    if step < job.run.length.steps:
        job.program.trainer()
    if job.dataset.evaluated.size:
        job.program.evaluator(job.run.recipe.resolution.eval)


def _compiled(job: _Job, step: int, compilation: Compilation[T]) -> Generator[Compiled, None, T]:
    """Returns the function once it is compiled. Raises `_Stopped` if asked to stop meanwhile, alone."""
    while not compilation.done(_POLL_SECONDS):
        if job.agreement.stop.is_set():  # several processes cannot agree before each has taken a step
            raise _Stopped(step)
    yield from compilation.news(job.run.id)
    return compilation.executable()


def _initial_state(job: _Job, programs: Programs, start: Start | None) -> Generator[Compiled, None, TrainState]:
    pretrained = None if start is None else _pretrained(job, programs, start)
    if job.run.weights is not None:
        pretrained = _released(job, job.run.weights)
    initialize = yield from _compiled(job, 0, job.program.initializer(pretrained))
    return initialize(job.program.hyper(job.run), pretrained)


def _pretrained(job: _Job, programs: Programs, start: Start) -> Parameters:
    """Returns the weights at the end of the start run, averaged ones if it has them, as this run can begin with."""
    run = job.run
    if fine_tuned(start.run.model) != run.model:
        raise RunError(f"run {run.id} cannot begin from run {start.run.id}, whose model is another")
    program, averaged = programs.of(start.run), start.run.recipe.average is not None
    last = start.run.length.steps
    trained = weights(start.folder / "checkpoints", last, program.state.parameters, averaged=averaged)
    outline = job.program.state.parameters
    return job.program.placed(transferred(trained, job.program.network.layouts, outline))


def _released(job: _Job, weights: Weights) -> Parameters:
    """Returns the weights of a file, if it is still the one the run was planned with, as this run can begin with.

    Raises:
      ReleasedError: it is another, or does not fit the run's model.
    """
    path, outline = Path(weights.path), job.program.state.parameters
    require_content(path, weights.sha256)
    return job.program.placed(transferred(released(path, job.run.model), job.program.network.layouts, outline))


def _trained(
    job: _Job, state: TrainState, step: int, metrics: Metrics, commits: Commits
) -> Generator[Event, None, TrainState]:
    """Takes the steps after `step`, commits the state after the last and returns it. Raises `Diverged`, `_Stopped`."""
    run, program = job.run, job.program
    if step == run.length.steps:
        return state
    advance = yield from _compiled(job, step, program.trainer())
    if job.agreement.stopping(step):
        raise _Stopped(step)
    numbers, losses = program.hyper(run), RunningLosses(run, step, metrics)
    job.agreement.saved()
    rows = [started(step, jax.process_count(), jax.device_count())] if first() else [rows_of(FED, 0)]
    with closing(training_feed(program, run, job.dataset.records, job.index, step)) as feed:
        for inputs, fed in feed:
            state, outcome = advance(state, numbers, *inputs)
            step += 1
            rows.append(fed)
            yield from losses.add(step, outcome.loss)
            yield from (Saved(run.id, saved) for saved in commits.news())
            stopping = job.agreement.stopping(step)
            ending = stopping or step == run.length.steps
            if ending or job.agreement.saving(step):
                losses.settle()
                metrics.flush()
                yield from (Saved(run.id, saved) for saved in commits.settled())
                commits.begin(program.on_host(state), step, combined(gathered(np.concatenate(rows)), job.index.epoch))
                job.agreement.saved()
                rows = []
            if ending:
                yield from (Saved(run.id, saved) for saved in commits.settled())
            if stopping:
                raise _Stopped(step)
    return state


def _evaluated(job: _Job, state: TrainState, metrics: Metrics) -> Generator[Compiled, None, Result]:
    """Returns the run's result once the trained weights are evaluated. Raises `Diverged`, `_Stopped`."""
    length, began = job.run.length, time.monotonic()
    evaluation = Evaluation(None, None, None, 0)
    if job.dataset.evaluated.size:
        step = yield from _compiled(job, length.steps, job.program.evaluator(job.run.recipe.resolution.eval))
        began = time.monotonic()
        with closing(evaluation_feed(job.program, job.run, job.dataset)) as inputs:
            reassessed = job.dataset.reassessed if job.run.recipe.objective is None else None
            evaluation = evaluate(step, _evaluated_weights(state), _until_stopped(job, inputs), reassessed)
    if evaluation.loss is not None and not math.isfinite(evaluation.loss):
        raise Diverged(length.steps)
    probe = job.run.recipe.probe
    few_shot = None if probe is None else (yield from _few_shot(job, _evaluated_weights(state), probe))
    return Result(
        state="done",
        step=length.steps,
        steps=length.steps,
        train_loss=metrics.train_loss,
        holdout_loss=evaluation.loss,
        top1=evaluation.top1,
        top5=evaluation.top5,
        examples_evaluated=evaluation.examples,
        seconds=metrics.seconds + time.monotonic() - began,
        images_per_second=length.images / metrics.seconds if metrics.seconds else None,
        reassessed_top1=evaluation.reassessed_top1,
        few_shot=few_shot,
    )


def _evaluated_weights(state: TrainState) -> Parameters:
    return state.parameters if state.average is None else state.average


def _few_shot(job: _Job, parameters: Parameters, probe: FewShot) -> Generator[Compiled, None, dict[str, float]]:
    """Returns the accuracies of the few-shot probe. Raises `DataError`, `_Stopped`."""
    step = yield from _compiled(job, job.run.length.steps, job.program.featurizer(job.run.recipe.resolution.eval))
    dataset = open_dataset(probe.data)

    def features(records: Records, examples: NDArray[np.int64]) -> Features:
        with closing(examples_feed(job.program, job.run, records, examples)) as inputs:
            return collected(jax.device_get(step(parameters, *batch)) for batch in _until_stopped(job, inputs))

    train = features(dataset.records, candidates(dataset, probe.data.classes))
    return accuracies(probe, train, features(dataset.evaluation, dataset.evaluated))


def _until_stopped(job: _Job, inputs: Iterator[Inputs]) -> Iterator[Inputs]:
    for batch in inputs:
        if job.agreement.stopping(next(job.after)):
            raise _Stopped(job.run.length.steps)
        yield batch


def _diverged(job: _Job, step: int, metrics: Metrics) -> Result:
    return Result(
        state="diverged",
        step=step,
        steps=job.run.length.steps,
        train_loss=None,
        holdout_loss=None,
        top1=None,
        top5=None,
        examples_evaluated=0,
        seconds=metrics.seconds,
        images_per_second=None,
    )
