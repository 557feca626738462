"""Tests of evaluations on the way: they change nothing that is trained, and the best weights are kept."""

import json
import shutil
import threading
from dataclasses import replace
from itertools import count

import jax
import numpy as np
import pytest

from nfdsl.schema.evaluation import Evaluate
from nfdsl.schema.units import Dimension, quantity
from runtime import assessment
from runtime.checkpoint import restore
from runtime.evaluate import Evaluation
from runtime.events import Compiled, Done, Evaluated, Progress, Saved, Started, Stopped
from runtime.job import Job
from runtime.processes import Agreement
from runtime.train import Start, train

NEVER = 1e9  # seconds


@pytest.fixture
def evaluated_run(small_run):
    """The small run of 19 steps, evaluated after 7, 13 and 19: once 200, 400 and 600 images have been seen."""
    return replace(small_run, id="evaluated", length=replace(small_run.length, between_evaluations=200))


def keeping(run, every=200):
    evaluate = Evaluate(every=quantity(every, Dimension.IMAGES), keep="best")
    length = replace(run.length, between_evaluations=every)
    return replace(run, recipe=replace(run.recipe, evaluate=evaluate), length=length)


def carried_out(run, folder, programs, start=None, stop=None):
    folder.mkdir(exist_ok=True, parents=True)
    events = train(run, folder, programs, start, stop or threading.Event(), save_seconds=NEVER)
    return [event for event in events if not isinstance(event, Compiled | Progress)]


def lines(folder):
    return [json.loads(line) for line in (folder / "evaluations.jsonl").read_text().splitlines()]


def timeless(folder):
    return [{**line, "seconds": 0} for line in lines(folder)]


def kept(folder):
    return sorted(int(path.name) for path in (folder / "checkpoints").iterdir())


class Losses:
    """Stands for an evaluation whose losses are given, one after the other."""

    def __init__(self, *losses):
        self.losses = iter(losses)

    def __call__(self, step, parameters, batches, reassessed=None):
        for _ in batches:
            pass
        return Evaluation(next(self.losses), 0.5, 1.0, 97)


@pytest.mark.parametrize(
    ("every", "expected"),
    [
        (None, []),
        (200, [7, 13]),
        (32, [*range(1, 19)]),
        (1, [*range(1, 19)]),
        (96, [3, 6, 9, 12, 15, 18]),
        (100, [4, 7, 10, 13, 16]),
        (600, []),
    ],
)
def test_a_run_is_evaluated_once_the_images_between_have_been_seen(small_run, tmp_path, every, expected):
    """The end is evaluated in any case, and not on the way there."""
    run = replace(small_run, length=replace(small_run.length, between_evaluations=every))
    job = Job(run, tmp_path, None, None, None, Agreement(threading.Event(), NEVER))
    assert [step for step in range(20) if job.evaluates_after(step)] == expected


def test_evaluations_are_told_and_change_nothing_that_is_trained(small_run, evaluated_run, tmp_path, programs):
    plain = carried_out(small_run, tmp_path / "plain", programs)[-1].result
    events = carried_out(evaluated_run, tmp_path / "evaluated", programs)
    told = [event for event in events if isinstance(event, Evaluated)]
    assert [line["step"] for line in lines(tmp_path / "evaluated")] == [7, 13, 19]
    assert [(e.step, e.holdout_loss, e.top1) for e in told] == [
        (line["step"], line["loss"], line["top1"]) for line in lines(tmp_path / "evaluated")[:-1]
    ]
    assert told[1].holdout_loss < told[0].holdout_loss
    result = events[-1].result
    assert (result.holdout_loss, result.train_loss, result.best) == (plain.holdout_loss, plain.train_loss, None)
    assert result.holdout_loss == lines(tmp_path / "evaluated")[-1]["loss"]
    states = [restore(tmp_path / name / "checkpoints", programs.of(small_run).state) for name in ("plain", "evaluated")]
    jax.tree.map(np.testing.assert_array_equal, states[0].state, states[1].state)


def test_a_run_stopped_anywhere_is_evaluated_in_the_same_places(evaluated_run, tmp_path, programs, stop_at):
    """One that is stopped while it is evaluated has saved its state, and is evaluated when it goes on."""
    run = keeping(evaluated_run)
    carried_out(run, tmp_path / "whole", programs)
    folder, stops = tmp_path / "stopped", set()
    for looks in count(1):
        shutil.rmtree(folder, ignore_errors=True)
        *_, stopped = carried_out(run, folder, programs, stop=stop_at(looks))
        if isinstance(stopped, Done):
            break
        assert isinstance(stopped, Stopped)
        stops.add((stopped.step, len(lines(folder))))
        if stopped.step in (7, 13, 19):
            started, *_, done = carried_out(run, folder, programs)
            assert started == Started("evaluated", stopped.step, 19)
            assert timeless(folder) == timeless(tmp_path / "whole")
            assert done.result.best is not None
    assert {(7, 0), (13, 1), (19, 2)} <= stops


def test_the_best_weights_are_kept_beside_the_last_two(evaluated_run, tmp_path, programs, monkeypatch):
    monkeypatch.setattr(assessment, "evaluate", Losses(3.0, 1.0, 2.0, 2.0, 1.0, 2.0))
    events = carried_out(keeping(evaluated_run, every=100), tmp_path, programs)
    assert [event.step for event in events if isinstance(event, Saved)] == [4, 7, 10, 13, 16, 19]
    assert kept(tmp_path) == [7, 16, 19]
    result = events[-1].result
    assert (result.best.step, result.best.holdout_loss, result.best.top1) == (7, 1.0, 0.5)
    assert (result.step, result.holdout_loss) == (19, 2.0)


def test_without_being_asked_to_only_the_last_two_are_kept(evaluated_run, tmp_path, programs, monkeypatch):
    monkeypatch.setattr(assessment, "evaluate", Losses(1.0, 2.0, 3.0))
    assert carried_out(evaluated_run, tmp_path, programs)[-1].result.best is None
    assert kept(tmp_path) == [13, 19]


def test_the_best_may_be_the_last(evaluated_run, tmp_path, programs, monkeypatch):
    monkeypatch.setattr(assessment, "evaluate", Losses(3.0, 2.0, 1.0))
    assert carried_out(keeping(evaluated_run), tmp_path, programs)[-1].result.best.step == 19
    assert kept(tmp_path) == [13, 19]


def test_best_weights_that_were_damaged_are_no_longer_the_best(evaluated_run, tmp_path, programs, monkeypatch, stop_at):
    run = keeping(evaluated_run, every=100)
    monkeypatch.setattr(assessment, "evaluate", Losses(1.0, 5.0, 4.0, 3.0))
    carried_out(run, tmp_path, programs, stop=stop_at(14 + 4 * 4))  # before the first step, after 13, in 4 evaluations
    assert kept(tmp_path) == [4, 13, 14]
    (tmp_path / "checkpoints" / "4" / "digests.json").unlink()
    monkeypatch.setattr(assessment, "evaluate", Losses(4.5, 6.0))
    assert carried_out(run, tmp_path, programs)[-1].result.best.step == 13


def test_a_fine_tune_begins_from_the_best_weights_of_a_start_that_keeps_them(
    evaluated_run, tmp_path, programs, monkeypatch
):
    run = keeping(evaluated_run)
    monkeypatch.setattr(assessment, "evaluate", Losses(1.0, 2.0, 3.0, 1.0))
    carried_out(run, tmp_path / "start", programs)
    tuned = replace(evaluated_run, id="tuned", lr=0.0, start=run.id)
    tuned = replace(tuned, length=replace(tuned.length, between_evaluations=None))
    carried_out(tuned, tmp_path / "tuned", programs, Start(run, tmp_path / "start"))
    shutil.rmtree(tmp_path / "start" / "checkpoints" / "19")
    shutil.rmtree(tmp_path / "start" / "checkpoints" / "13")
    best, still = (restore(tmp_path / name / "checkpoints", programs.of(run).state) for name in ("start", "tuned"))
    assert best.step == 7
    jax.tree.map(np.testing.assert_array_equal, still.state.parameters["stem"], best.state.parameters["stem"])


def test_an_evaluation_that_is_not_finite_ends_the_run_there(evaluated_run, tmp_path, programs, monkeypatch):
    monkeypatch.setattr(assessment, "evaluate", Losses(1.0, float("nan")))
    result = carried_out(evaluated_run, tmp_path, programs)[-1].result
    assert (result.state, result.step, result.holdout_loss) == ("diverged", 13, None)
