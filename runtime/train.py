"""Training one run: from its folder's last checkpoint, or from its start, to its result.

Order in which things reach the disk: lines of metrics.jsonl and rows of the ledger, then the checkpoint
of that step, its line of evaluations.jsonl before the next checkpoint, at last result.json. So whatever
was killed continues from the checkpoint with the lines and rows before it, and comes to the same result
bit for bit, seconds aside.
"""

import time
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event as Flag

import jax
import numpy as np

from nfdsl.paths import located
from nfdsl.sampling.entries import combined
from nfdsl.sampling.index import Index
from nfdsl.sampling.ledger import FED, Anchor, rows_of, started
from nfdsl.schema.model import fine_tuned
from nfdsl.schema.run import Run, Weights
from runtime.assessment import evaluated, few_shot
from runtime.checkpoint import intact, restore, weights
from runtime.commits import Commits, committing
from runtime.data.dataset import open_dataset
from runtime.data.indexing import index
from runtime.evaluations import Evaluations
from runtime.events import Compiled, Damaged, Done, Evaluated, Event, Saved, Started, Stopped
from runtime.feed import training_feed
from runtime.job import Job, RunError, StoppedAt
from runtime.ledger import Ledger
from runtime.metrics import Metrics
from runtime.parameters import Parameters
from runtime.processes import Agreement, first, gathered, same
from runtime.program import Program, Programs
from runtime.released.files import require_content
from runtime.released.weights import released
from runtime.results import Best, Result, read_result, write_result
from runtime.running_losses import Diverged, RunningLosses
from runtime.state import TrainState
from runtime.transfer import transferred

SAVE_SECONDS = 30.0  # of training from the end of one commit to the next


@dataclass(frozen=True)
class Start:
    """The finished run whose weights a fine-tune begins from, and its folder."""

    run: Run
    folder: Path


def train(
    run: Run, folder: Path, programs: Programs, start: Start | None, stop: Flag, *, save_seconds: float = SAVE_SECONDS
) -> Iterator[Event]:
    """Trains and evaluates `run` in `folder` and yields what happens, `Done` or `Stopped` last.

    A complete run is not repeated. A loss that is not finite ends the run as a result, "diverged".

    Args:
      start: where the run's weights come from, if `run.start` says so; released ones it finds by itself.
      stop: once set, the state is saved and the generator ends with `Stopped`.
      save_seconds: training time from the end of one commit to the next, so that steps do not wait for a slow disk; 0
        is a checkpoint after each step.

    Raises:
      DataError, CheckpointError, LedgerError, ReleasedError, RunError: what the run needs is missing or does not fit.
    """
    complete = read_result(folder / "result.json")
    if complete is not None:
        yield Done(run.id, complete)
        return
    program, dataset = _program(run, programs), open_dataset(run.recipe.data, run.folder)
    known = index(run, dataset.records, dataset.split)
    job = Job(run, folder, program, dataset, known, Agreement(stop, save_seconds))
    _require_same_data(job)
    restored = restore(job.checkpoints, job.program.state)
    yield from (Damaged(run.id, step) for step in restored.damaged)
    yield Started(run.id, restored.step, run.length.steps)
    _begin_to_compile(job, restored.step)
    with (
        _outputs(folder) as outputs,
        closing(Metrics(outputs / "metrics.jsonl", run.length.steps, restored.step)) as metrics,
        closing(_evaluations(job, outputs, restored.step)) as evaluations,
        committing(job.checkpoints, _ledger(outputs, job.index, restored.anchor)) as commits,
    ):
        notes = _Notes(metrics, evaluations, commits)
        try:
            state = restored.state or (yield from _initial_state(job, start))
            state = yield from _trained(job, state, restored.step, notes)
            result = yield from _result(job, state, notes)
        except StoppedAt as stopped:
            yield from (Saved(run.id, saved) for saved in commits.settled())
            yield Stopped(run.id, stopped.step)
            return
        except Diverged as diverged:
            result = _diverged(job, diverged.step, metrics)
        write_result(outputs / "result.json", result)
        yield Done(run.id, result)


@dataclass(frozen=True)
class _Notes:
    """What is written down of a run while it is trained."""

    metrics: Metrics
    evaluations: Evaluations
    commits: Commits


def _program(run: Run, programs: Programs) -> Program:
    try:
        return programs.of(run)
    except ValueError as error:  # the batch does not divide evenly over the devices, or there is nothing to mask
        raise RunError(str(error)) from error


@contextmanager
def _outputs(folder: Path) -> Iterator[Path]:
    """Yields where this process writes: the run's folder on the first one, elsewhere one that is thrown away."""
    if first():
        yield folder
    else:
        with TemporaryDirectory() as elsewhere:
            yield Path(elsewhere)


def _evaluations(job: Job, outputs: Path, restored: int) -> Evaluations:
    """Returns the run's evaluations up to step `restored`."""
    there = () if job.run.recipe.best_by is None else intact(job.checkpoints)
    return Evaluations(outputs / "evaluations.jsonl", restored, there)


def _ledger(outputs: Path, index: Index, anchor: Anchor | None) -> Ledger:
    """Returns the run's ledger; that of a process which does not write is one of its own, that nothing comes of."""
    return Ledger(outputs, index, anchor if first() else None)


def _require_same_data(job: Job) -> None:
    """Raises `RunError` where another process sees other data."""
    if not same(job.index.hash):
        raise RunError(
            f"the processes do not see the same data set {job.index.terms.source}: here its fingerprint is"
            f" {job.index.terms.fingerprint}"
        )


def _begin_to_compile(job: Job, step: int) -> None:
    """Begins to compile what the run will need after `step` steps: all at once takes less time than one by one."""
    if step < job.run.length.steps:
        job.program.trainer()
    if job.dataset.evaluated.size:
        job.program.evaluator(job.run.recipe.resolution.eval)


def _initial_state(job: Job, start: Start | None) -> Generator[Compiled, None, TrainState]:
    pretrained = None if start is None else _pretrained(job, start)
    if job.run.weights is not None:
        pretrained = _released(job, job.run.weights)
    initialize = yield from job.compiled(0, job.program.initializer(pretrained))
    return initialize(job.program.hyper(job.run), pretrained)


def _pretrained(job: Job, start: Start) -> Parameters:
    """Returns the weights of the start run, averaged ones if it has them, as this run can begin with.

    They are those at its end, or the best that it kept.
    """
    run = job.run
    if fine_tuned(start.run.model) != run.model:
        raise RunError(f"run {run.id} cannot begin from run {start.run.id}, whose model is another")
    program, averaged = job.program, start.run.recipe.average is not None
    trained = weights(start.folder / "checkpoints", _kept_step(start), program.outlined(start.run), averaged=averaged)
    return program.placed(transferred(trained, program.network.layouts, program.state.parameters))


def _kept_step(start: Start) -> int:
    result = read_result(start.folder / "result.json")
    return start.run.length.steps if result is None or result.best is None else result.best.step


def _released(job: Job, weights: Weights) -> Parameters:
    """Returns the weights of a file, if it is still the one the run was planned with, as this run can begin with.

    Raises:
      ReleasedError: it is another, or does not fit the run's model.
    """
    path, outline = Path(located(weights.path, job.run.folder)), job.program.state.parameters
    require_content(path, weights.sha256)
    return job.program.placed(transferred(released(path, job.run.model), job.program.network.layouts, outline))


def _trained(job: Job, state: TrainState, step: int, notes: _Notes) -> Generator[Event, None, TrainState]:
    """Takes the steps after `step`, commits the state after the last and returns it. Raises `Diverged`, `StoppedAt`."""
    run, program, commits = job.run, job.program, notes.commits
    if step == run.length.steps:
        return state
    advance = yield from job.compiled(step, program.trainer())
    if job.agreement.stopping():
        raise StoppedAt(step)
    yield from _evaluated_on_the_way(job, state, step, notes)
    numbers, losses = program.hyper(run), RunningLosses(run, step, notes.metrics)
    job.agreement.saved()
    rows = [started(step, jax.process_count(), jax.device_count())] if first() else [rows_of(FED, 0)]
    with closing(training_feed(program, run, job.dataset.records, job.index, step)) as feed:
        for inputs, fed in feed:
            state, outcome = advance(state, numbers, *inputs)
            step += 1
            rows.append(fed)
            yield from losses.add(step, outcome.loss)
            yield from (Saved(run.id, saved) for saved in commits.news())
            stopping, evaluating = job.agreement.stopping(), job.evaluates_after(step)
            ending = stopping or step == run.length.steps
            if ending or evaluating or job.agreement.saving(step, commits.in_flight):
                losses.settle()
                notes.metrics.flush()
                yield from (Saved(run.id, saved) for saved in commits.settled())
                counted = combined(gathered(np.concatenate(rows)), job.index.epoch)
                commits.begin(state, step, counted, _best_step(job, notes.evaluations))
                job.agreement.saved()
                rows = []
            if ending:
                yield from (Saved(run.id, saved) for saved in commits.settled())
            if stopping:
                raise StoppedAt(step)
            if evaluating:
                losses.paused((yield from _evaluated_on_the_way(job, state, step, notes)))
                job.agreement.saved()
    return state


def _evaluated_on_the_way(
    job: Job, state: TrainState, step: int, notes: _Notes
) -> Generator[Compiled | Evaluated, None, float]:
    """Evaluates a state that is committed, or about to be, if it is to be, and returns the seconds that took.

    Where the run went on from a state that was to be evaluated when the run was stopped, that is done now.
    """
    began = time.monotonic()
    if job.evaluates_after(step):
        known = notes.evaluations.at(step)
        measured = yield from evaluated(job, state, step, notes.evaluations)
        if known is None:
            yield Evaluated(job.run.id, step, measured.loss, measured.top1, measured.top5)
    return time.monotonic() - began


def _best_step(job: Job, evaluations: Evaluations) -> int | None:
    """Returns the step of the best weights so far, if the run keeps them."""
    best = _best(job, evaluations)
    return None if best is None else best.step


def _best(job: Job, evaluations: Evaluations) -> Best | None:
    """Returns what the best weights so far are worth, if the run keeps them."""
    by = job.run.recipe.best_by
    best = None if by is None else evaluations.best(by)
    return None if best is None else Best(best.step, best.measured.loss, best.measured.top1, best.measured.top5)


def _result(job: Job, state: TrainState, notes: _Notes) -> Generator[Compiled, None, Result]:
    """Returns the run's result once the trained weights are evaluated. Raises `Diverged`, `StoppedAt`."""
    length, metrics = job.run.length, notes.metrics
    evaluation = yield from evaluated(job, state, length.steps, notes.evaluations)
    probe, began = job.run.recipe.probe, time.monotonic()
    answers = None if probe is None else (yield from few_shot(job, state, probe))
    return Result(
        state="done",
        step=length.steps,
        steps=length.steps,
        train_loss=metrics.train_loss,
        holdout_loss=evaluation.loss,
        top1=evaluation.top1,
        top5=evaluation.top5,
        examples_evaluated=evaluation.examples,
        seconds=metrics.seconds + notes.evaluations.seconds + time.monotonic() - began,
        images_per_second=length.images / metrics.seconds if metrics.seconds else None,
        reassessed_top1=evaluation.reassessed_top1,
        few_shot=answers,
        best=_best(job, notes.evaluations),
    )


def _diverged(job: Job, step: int, metrics: Metrics) -> Result:
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
