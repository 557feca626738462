"""Tests of following losses while steps are dispatched."""

import json
from contextlib import closing
from types import SimpleNamespace

import jax.numpy as jnp
import pytest

from runtime.events import Progress
from runtime.metrics import Metrics
from runtime.running_losses import Diverged, RunningLosses


@pytest.fixture
def metrics(tmp_path):
    with closing(Metrics(tmp_path / "metrics.jsonl", 10, 0)) as metrics:
        yield metrics


@pytest.fixture
def talkative(monkeypatch):
    monkeypatch.setattr("runtime.running_losses._TELL_SECONDS", 0.0)


def test_losses_are_read_two_steps_late_and_in_order(run, metrics, talkative):
    losses = RunningLosses(run, 0, metrics)
    told = [event for step in range(1, 6) for event in losses.add(step, jnp.float32(step / 2))]
    assert [(event.step, event.loss) for event in told] == [(1, 0.5), (2, 1.0), (3, 1.5)]
    assert told[0] == Progress("r0", 1, 10, 0.5, told[0].images_per_second)
    assert told[0].images_per_second > 0
    losses.settle()
    assert [record.step for record in metrics.records] == [1, 2, 3, 4, 5]


def test_progress_is_told_a_few_times_a_second_at_most(run, metrics):
    losses = RunningLosses(run, 0, metrics)
    assert [event for step in range(1, 11) for event in losses.add(step, jnp.float32(1))] == []


def test_a_loss_that_is_not_finite_is_found_and_not_written(run, metrics, tmp_path):
    losses = RunningLosses(run, 4, metrics)
    for step, value in enumerate([1.0, float("inf")], start=5):
        assert list(losses.add(step, jnp.float32(value))) == []
    with pytest.raises(Diverged) as diverged:
        losses.settle()
    assert diverged.value.step == 6
    metrics.flush()
    (line,) = (tmp_path / "metrics.jsonl").read_text().splitlines()
    assert json.loads(line)["step"] == 5


def test_time_goes_on_where_an_earlier_attempt_left_off(run, tmp_path):
    with closing(Metrics(tmp_path / "metrics.jsonl", 10, 0)) as metrics:
        metrics.record(1, 1.0, 100.0)
    with closing(Metrics(tmp_path / "metrics.jsonl", 10, 1)) as metrics:
        losses = RunningLosses(run, 1, metrics)
        list(losses.add(2, jnp.float32(1)))
        losses.settle()
        assert 100 < metrics.seconds < 110
        losses.paused(40.0)
        list(losses.add(3, jnp.float32(1)))
        losses.settle()
        assert 60 < metrics.seconds < 70


def test_images_per_second_are_those_since_it_was_last_told(run, metrics, talkative, monkeypatch):
    seconds = iter([0.0, 0.0, 3.0, 3.0, 5.0, 5.0])  # each step is recorded, then told
    monkeypatch.setattr("runtime.running_losses.time", SimpleNamespace(monotonic=lambda: next(seconds)))
    losses = RunningLosses(run, 0, metrics)
    told = [event for step in range(1, 5) for event in losses.add(step, jnp.float32(1))]
    assert [event.images_per_second for event in told] == [8 / 3, 8 / 2]
