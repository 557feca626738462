"""Tests of training one run: whatever happens on the way, it comes to the same result bit for bit."""

import itertools
import json
import random
import threading
from contextlib import closing, nullcontext
from dataclasses import replace
from functools import cache, partial
from types import SimpleNamespace

import jax
import numpy as np
import pytest

from nfdsl.sampling.ledger import FED, ROW, rows_path
from nfdsl.schema.averages import EMA
from nfdsl.schema.data import Builtin
from nfdsl.schema.hardware import Hardware
from nfdsl.schema.model import NFNet
from nfdsl.schema.run import Length
from nfdsl.schema.training import SAM, Resolution
from nfdsl.schema.vit import ViT
from runtime.checkpoint import CheckpointError, restore
from runtime.compilation import Compilation
from runtime.data.records import DataError
from runtime.events import Compiled, Damaged, Done, Progress, Saved, Started, Stopped
from runtime.job import RunError
from runtime.metrics import Metrics
from runtime.program import Programs
from runtime.results import read_result
from runtime.train import Start, train

NEVER = 1e9  # seconds


def varied(run, **changes):
    return replace(run, recipe=replace(run.recipe, **changes))


def carried_out(run, folder, programs, start=None, stop=None, save_seconds=NEVER):
    """Returns what happens, but for compilation and progress, whose number depends on time."""
    folder.mkdir(exist_ok=True, parents=True)
    events = train(run, folder, programs, start, stop or threading.Event(), save_seconds=save_seconds)
    return [event for event in events if not isinstance(event, Compiled | Progress)]


def final(run, folder, programs):
    """Returns what the run came to: its state, its result and its losses, without times."""
    restored = restore(folder / "checkpoints", programs.of(run).state)
    assert restored.step == run.length.steps
    result = replace(read_result(folder / "result.json"), seconds=0.0, images_per_second=None)
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return restored.state, result, [(line["step"], line["loss"]) for line in lines]


def assert_same(actual, expected):
    """Bit for bit."""
    assert actual[1:] == expected[1:]
    jax.tree.map(np.testing.assert_array_equal, actual[0], expected[0])


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory, programs):
    """Carries a run out once and returns its events and what it came to."""

    @cache
    def of(run):
        folder = tmp_path_factory.mktemp("uninterrupted")
        return carried_out(run, folder, programs), final(run, folder, programs)

    return of


def test_a_run_is_trained_saved_and_evaluated(small_run, uninterrupted):
    (started, saved, done), (state, result, losses) = uninterrupted(small_run)
    assert started == Started("small", 0, 19)
    assert saved == Saved("small", 19)
    assert isinstance(done, Done)
    assert state.step == 19
    assert [step for step, _ in losses] == list(range(1, 20))
    assert (result.state, result.step, result.steps, result.examples_evaluated) == ("done", 19, 19, 97)
    assert result.train_loss == losses[-1][1]
    assert losses[-1][1] < losses[0][1]
    assert 0 <= result.top1 <= result.top5 <= 1
    assert result.top5 > 0.5
    assert done.result.images_per_second > 0


def test_what_is_evaluated_is_the_average_where_there_is_one(small_run, tmp_path, programs, uninterrupted):
    """One that hardly moves knows no more than at the start, when all ten classes are as likely."""
    still = varied(small_run, average=EMA(0.9999, warmup=False))
    result = carried_out(still, tmp_path, programs)[-1].result
    assert result.holdout_loss == pytest.approx(np.log(10), abs=0.02)
    assert uninterrupted(small_run)[1][1].holdout_loss < 2.2


def test_the_ledger_says_once_of_each_step_what_was_fed_however_often_it_was_saved(small_run, tmp_path, programs):
    saved = [event for event in carried_out(small_run, tmp_path, programs, save_seconds=0) if isinstance(event, Saved)]
    assert len(saved) > 1
    rows = np.fromfile(rows_path(tmp_path), ROW)
    fed = rows[rows["kind"] == FED]
    assert fed["step"].tolist() == list(range(19))
    assert fed["count"].sum() == 600


def test_a_complete_run_is_not_repeated(small_run, tmp_path, programs):
    done = carried_out(small_run, tmp_path, programs)[-1]
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    assert carried_out(small_run, tmp_path, programs) == [done]
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


@pytest.mark.parametrize("seed", range(4))
def test_a_run_stopped_anywhere_comes_to_the_same(small_run, tmp_path, programs, uninterrupted, seed, stop_at):
    _, expected = uninterrupted(small_run)
    draws, reached, stops = random.Random(seed), 0, 0
    while not (tmp_path / "result.json").exists():
        events = carried_out(small_run, tmp_path, programs, stop=stop_at(draws.randrange(12)))
        assert events[0] == Started("small", reached, 19)
        if isinstance(events[-1], Stopped):
            stops, reached = stops + 1, events[-1].step
    assert stops > 1
    assert_same(final(small_run, tmp_path, programs), expected)


@pytest.mark.parametrize("seed", range(2))
def test_a_run_killed_anywhere_comes_to_the_same(small_run, tmp_path, programs, uninterrupted, seed):
    """A generator that is dropped has done no more than a process that was killed there."""
    draws = random.Random(seed)
    while not (tmp_path / "result.json").exists():
        training = train(small_run, tmp_path, programs, None, threading.Event(), save_seconds=0)
        for _, event in zip(range(draws.randrange(1, 15)), training, strict=False):
            assert not isinstance(event, Damaged)
        training.close()
    assert_same(final(small_run, tmp_path, programs), uninterrupted(small_run)[1])


class SlowCommit:
    """A commit that takes five steps, after each of which it is looked at, unless it is waited for."""

    def __init__(self, commit, *arguments):
        self._commit = partial(commit, *arguments)
        self._looks = itertools.count()

    def done(self):
        return next(self._looks) == 5

    def result(self):
        return self._commit()


@pytest.fixture
def slow_disk(monkeypatch):
    monkeypatch.setattr("runtime.commits.ThreadPoolExecutor", lambda _: nullcontext(SimpleNamespace(submit=SlowCommit)))


@pytest.mark.usefixtures("slow_disk")
@pytest.mark.parametrize(("save_seconds", "saved"), [(1e-9, [1, 7, 13, 19]), (0, [*range(1, 20)])])
def test_steps_go_on_while_a_state_is_committed(small_run, tmp_path, programs, uninterrupted, save_seconds, saved):
    """Unless each step is to be saved."""
    events = carried_out(small_run, tmp_path, programs, save_seconds=save_seconds)
    assert [event.step for event in events if isinstance(event, Saved)] == saved
    assert_same(final(small_run, tmp_path, programs), uninterrupted(small_run)[1])


@pytest.mark.usefixtures("slow_disk")
def test_one_evaluated_or_stopped_meanwhile_is_saved_there(small_run, tmp_path, programs, uninterrupted, stop_at):
    uninterrupted(small_run)
    run = replace(small_run, length=replace(small_run.length, between_evaluations=4 * 32))
    looks = 1 + 4 + 4 + 1  # before the first step, after each of four, after each batch of an evaluation, and once more
    events = carried_out(run, tmp_path, programs, stop=stop_at(looks), save_seconds=1e-9)
    assert [event.step for event in events if isinstance(event, Saved)] == [1, 4, 6]
    assert events[-2:] == [Saved("small", 6), Stopped("small", 6)]


def test_metrics_that_are_ahead_of_the_checkpoint_are_cut_back(small_run, tmp_path, programs, uninterrupted, stop_at):
    _, expected = uninterrupted(small_run)
    carried_out(small_run, tmp_path, programs, stop=stop_at(7))
    metrics = Metrics(tmp_path / "metrics.jsonl", 19, 19)
    metrics.record(18, 123.0, 1.0)
    metrics.close()
    carried_out(small_run, tmp_path, programs)
    assert_same(final(small_run, tmp_path, programs), expected)


def test_a_damaged_checkpoint_is_said_and_the_one_before_taken(small_run, tmp_path, programs, uninterrupted, stop_at):
    _, expected = uninterrupted(small_run)
    events = carried_out(small_run, tmp_path, programs, stop=stop_at(9), save_seconds=0)
    assert events[-2:] == [Saved("small", 9), Stopped("small", 9)]
    (tmp_path / "checkpoints" / "9" / "digests.json").unlink()
    assert carried_out(small_run, tmp_path, programs)[:2] == [Damaged("small", 9), Started("small", 8, 19)]
    assert_same(final(small_run, tmp_path, programs), expected)


def test_a_run_stopped_during_evaluation_is_trained_no_further(small_run, tmp_path, programs, uninterrupted, stop_at):
    _, expected = uninterrupted(small_run)
    looks = 1 + small_run.length.steps  # before the first step and after each
    events = carried_out(small_run, tmp_path, programs, stop=stop_at(looks))
    assert events[-2:] == [Saved("small", 19), Stopped("small", 19)]
    assert [type(event) for event in carried_out(small_run, tmp_path, programs)] == [Started, Done]
    assert_same(final(small_run, tmp_path, programs), expected)


def test_a_run_told_to_stop_before_its_first_step_saves_nothing(small_run, tmp_path, programs, uninterrupted, stop_at):
    uninterrupted(small_run)
    events = carried_out(small_run, tmp_path, programs, stop=stop_at(0))
    assert events == [Started("small", 0, 19), Stopped("small", 0)]
    assert not (tmp_path / "checkpoints").exists()


def test_a_run_told_to_stop_does_not_wait_for_a_compilation(small_run, tmp_path, programs, monkeypatch, stop_at):
    monkeypatch.setattr(Compilation, "done", lambda self, patience: False)
    events = carried_out(small_run, tmp_path, programs, stop=stop_at(3))
    assert events == [Started("small", 0, 19), Stopped("small", 0)]


@pytest.mark.parametrize(("steps", "at_most"), [(19, 3), (1, 1)])
def test_divergence_is_a_result(small_run, tmp_path, programs, steps, at_most):
    """After one step it is only the evaluation that sees it."""
    length = Length(min(600, 32 * steps), steps, 0)
    run = replace(small_run, lr=1e30, length=length)
    done = carried_out(run, tmp_path, programs)[-1]
    assert isinstance(done, Done)
    assert done.result.state == "diverged"
    assert 1 <= done.result.step <= at_most
    assert (done.result.steps, done.result.train_loss, done.result.holdout_loss) == (steps, None, None)
    assert read_result(tmp_path / "result.json") == done.result


def test_without_held_out_images_there_is_nothing_to_evaluate(small_run, tmp_path, programs):
    run = varied(small_run, data=replace(small_run.recipe.data, holdout=0))
    result = carried_out(run, tmp_path, programs)[-1].result
    assert (result.state, result.holdout_loss, result.top1, result.top5) == ("done", None, None, None)
    assert result.examples_evaluated == 0


def still(run):
    """The run with a learning rate of 0: its weights stay as they began."""
    return replace(run, id="still", lr=0.0, start=run.id)


def test_a_fine_tune_begins_from_the_weights_of_its_start_but_for_the_classifier(small_run, tmp_path, programs):
    carried_out(small_run, tmp_path / "small", programs)
    run = still(small_run)
    carried_out(run, tmp_path / "still", programs, Start(small_run, tmp_path / "small"))
    (start, *_), (tuned, *_) = (final(each, tmp_path / each.id, programs) for each in (small_run, run))
    jax.tree.map(np.testing.assert_array_equal, tuned.parameters["stem"], start.parameters["stem"])
    fresh, trained = tuned.parameters["classifier"], start.parameters["classifier"]
    assert not np.allclose(fresh["kernel"], trained["kernel"])
    assert np.all(fresh["bias"] == 0)
    assert np.any(trained["bias"] != 0)


@pytest.mark.slow
def test_a_fine_tune_begins_from_the_average_where_there_is_one(small_run, tmp_path, programs):
    averaged = varied(small_run, average=EMA(0.5))
    carried_out(averaged, tmp_path / "small", programs)
    run = still(small_run)
    carried_out(run, tmp_path / "still", programs, Start(averaged, tmp_path / "small"))
    (start, *_), (tuned, *_) = final(averaged, tmp_path / "small", programs), final(run, tmp_path / "still", programs)
    jax.tree.map(np.testing.assert_array_equal, tuned.parameters["stem"], start.average["stem"])
    kernels = (weights["stem"]["conv0"]["kernel"] for weights in (start.average, start.parameters))
    assert not np.allclose(*kernels)


def shared(run, shards, gather="step", **changes):
    """The run on devices that share a copy of its state in groups, with a network large enough for that."""
    model = ViT(depth=2, width=128, mlp=256, heads=2, patch=4)
    return replace(varied(run, hardware=Hardware(shards=shards, gather=gather), **changes), model=model, lr=0.1)


def test_however_the_state_is_shared_out_the_run_goes_on_from_where_it_was(small_run, tmp_path):
    programs = Programs(jax.devices()[:4])
    ways = ((1, "step"), (2, "step"), (4, "block"))
    whole, halves, quarters = (shared(small_run, *way, average=EMA(0.5)) for way in ways)
    expected = Programs(jax.devices()[:4])
    carried_out(whole, tmp_path / "whole", expected)
    (tmp_path / "mixed").mkdir()
    with closing(train(halves, tmp_path / "mixed", programs, None, threading.Event(), save_seconds=0)) as events:
        saved = next(event for event in events if isinstance(event, Saved))
    started, *_ = carried_out(quarters, tmp_path / "mixed", programs)
    assert saved.step <= started.step < 19
    one, other = final(whole, tmp_path / "whole", expected), final(quarters, tmp_path / "mixed", programs)
    jax.tree.map(partial(np.testing.assert_allclose, rtol=1e-3, atol=1e-4), other[0], one[0])
    tuned = replace(shared(small_run, 2, resolution=Resolution(16, 16)), id="tuned", start="mixed")
    *_, done = carried_out(tuned, tmp_path / "tuned", programs, start=Start(quarters, tmp_path / "mixed"))
    assert done.result.state == "done"


def test_a_fine_tune_begins_on_devices_that_its_start_could_not_be_trained_on(small_run, tmp_path, programs):
    """Its batch does not divide over them."""
    model = ViT(depth=1, width=16, mlp=16, heads=2, patch=4)
    start = replace(varied(small_run, batch=9, average=EMA(0.5)), model=model, lr=0.1, length=Length(18, 2, 0))
    run = replace(still(varied(start, batch=4, average=None)), length=Length(4, 1, 0))
    two = Programs(jax.devices()[:2])
    carried_out(start, tmp_path / "small", programs)
    carried_out(run, tmp_path / "still", two, Start(start, tmp_path / "small"))
    (trained, *_), (tuned, *_) = final(start, tmp_path / "small", programs), final(run, tmp_path / "still", two)
    jax.tree.map(np.testing.assert_array_equal, tuned.parameters["blocks"], trained.average["blocks"])


@pytest.mark.slow
def test_with_sam_a_run_goes_on_with_other_devices_as_the_same_run(small_run, tmp_path):
    """On four parts of each batch, as its hardware says, whatever devices hold them."""
    run = varied(small_run, sam=SAM(0.05, 0.5), hardware=Hardware(topology=(4,)))
    programs = {count: Programs(jax.devices()[:count]) for count in (1, 2, 4)}
    carried_out(run, tmp_path / "whole", programs[4])
    (tmp_path / "moved").mkdir()
    for count, until in ((1, 5), (2, 12)):
        events = train(run, tmp_path / "moved", programs[count], None, threading.Event(), save_seconds=0)
        with closing(events):
            next(event for event in events if isinstance(event, Saved) and event.step == until)
    carried_out(run, tmp_path / "moved", programs[4])
    one, other = (final(run, tmp_path / name, programs[4]) for name in ("whole", "moved"))
    jax.tree.map(partial(np.testing.assert_allclose, rtol=1e-3, atol=1e-4), other[0], one[0])


def test_devices_that_cannot_share_what_sam_ascends_on_are_refused(small_run, tmp_path):
    run = varied(small_run, sam=SAM(0.05), hardware=Hardware(topology=(4,)))
    with pytest.raises(RunError, match="`sam` ascends on 4 parts of each batch, one for each chip"):
        carried_out(run, tmp_path, Programs(jax.devices()[:8]))
    assert not list(tmp_path.iterdir())


def test_a_start_that_cannot_be_begun_from_is_named(small_run, tmp_path, programs):
    run = still(small_run)
    with pytest.raises(CheckpointError, match="checkpoints/19 is missing"):
        carried_out(run, tmp_path / "still", programs, Start(small_run, tmp_path / "small"))
    other = replace(small_run, model=NFNet(depth=(1,), width=(16,), group_width=4))
    with pytest.raises(RunError, match="run still cannot begin from run small, whose model is another"):
        carried_out(run, tmp_path / "still", programs, Start(other, tmp_path / "small"))


def test_data_that_is_not_as_declared_is_named(small_run, tmp_path, programs):
    run = varied(small_run, data=replace(small_run.recipe.data, source=Builtin("mnist_5k"), classes=3))
    with pytest.raises(DataError, match="mnist_5k"):
        carried_out(run, tmp_path, programs)


def test_a_batch_that_does_not_divide_is_named(small_run, tmp_path):
    run = varied(small_run, batch=12, resolution=Resolution(8, 8))
    with pytest.raises(RunError, match="a batch of 12 images does not divide evenly over 8 devices"):
        carried_out(run, tmp_path, Programs(jax.devices()))
