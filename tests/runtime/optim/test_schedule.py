"""Tests of the learning rate's course."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nfdsl.schema.schedules import Constant, Cosine, Linear, Piecewise, ReciprocalSqrt
from runtime.optim.schedule import learning_rate


def reference(schedule, step, peak, warmup, steps):
    """The schedule as its docstring has it, in double precision."""
    if step < warmup:
        return peak * step / warmup
    done = (step - warmup) / (steps - warmup)
    match schedule:
        case Linear():
            return peak * (1 - done)
        case Cosine():
            return peak * (1 + math.cos(math.pi * done)) / 2
        case Constant():
            return peak
        case ReciprocalSqrt(timescale=timescale, cooldown=cooldown):
            cooling = min(1.0, (steps - step) / cooldown) if cooldown else 1.0
            return peak / math.sqrt(1 + (step - warmup) / timescale) * cooling
        case Piecewise(at=at, factor=factor):
            return peak * factor ** sum(step >= round(share * steps) for share in at)


@pytest.mark.parametrize(
    "schedule",
    [
        Cosine(),
        Linear(),
        Constant(),
        ReciprocalSqrt(timescale=5, cooldown=4),
        ReciprocalSqrt(timescale=3, cooldown=0),
        Piecewise(at=(0.5, 0.58, 0.9), factor=0.25),
    ],
)
@pytest.mark.parametrize("warmup", [0, 1, 7])
def test_every_step_equals_the_reference(schedule, warmup):
    expected = [reference(schedule, step, 0.4, warmup, 20) for step in range(20)]
    rates = learning_rate(schedule, jnp.arange(20), 0.4, warmup, 20)
    np.testing.assert_allclose(rates, expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("step", "rate"), [(0, 0.0), (2_500, 0.05), (5_000, 0.1), (10_000, 0.05), (12_500, 0.1 * 0.1464466), (15_000, 0.0)]
)
def test_the_published_fine_tuning_course(step, rate):
    """15,000 steps, 5,000 of warm-up, peak 0.1 (Brock et al. 2021, appendix A.5)."""
    np.testing.assert_allclose(learning_rate(Cosine(), step, 0.1, 5_000, 15_000), rate, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("schedule", [Cosine(), Linear()])
@pytest.mark.parametrize(("peak", "warmup", "steps"), [(1.6, 1_564, 112_602), (1.6, 5_000, 7_812_500)])
def test_long_runs_are_exact_to_the_last_step(schedule, peak, warmup, steps):
    """NFNets on ImageNet (Brock et al. 2021, appendix A.1) and 8 epochs of 4e9 images."""
    for step in (warmup // 2, warmup, steps // 2, steps - 1):
        ahead = (steps - step) / (steps - warmup)
        decay = math.sin(math.pi * ahead / 2) ** 2 if schedule == Cosine() else ahead
        expected = peak * (step / warmup if step < warmup else decay)
        np.testing.assert_allclose(learning_rate(schedule, step, peak, warmup, steps), expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("step", "rate"),
    [(0, 0.0), (5_000, 4e-4), (10_000, 8e-4), (20_000, 8e-4 / math.sqrt(2)), (975_000, 4e-4 / math.sqrt(97.5))],
)
def test_the_published_reciprocal_square_root(step, rate):
    """Peak 8e-4, timescale and warm-up of 10,000 steps, cool-down of 50,000 (Zhai et al. 2022, section 3.5)."""
    schedule = ReciprocalSqrt(timescale=10_000, cooldown=50_000)
    np.testing.assert_allclose(learning_rate(schedule, step, 8e-4, 10_000, 1_000_000), rate, rtol=1e-5, atol=1e-12)


def test_before_the_cooldown_the_reciprocal_square_root_does_not_know_the_runs_length():
    schedule = ReciprocalSqrt(timescale=10, cooldown=20)
    short, long = (learning_rate(schedule, jnp.arange(80), 1.0, 5, steps) for steps in (100, 10**6))
    np.testing.assert_array_equal(short, long)


@pytest.mark.parametrize(
    ("step", "rate"), [(2_999, 3e-3), (3_000, 3e-4), (5_999, 3e-4), (6_000, 3e-5), (9_000, 3e-6), (9_999, 3e-6)]
)
def test_the_published_staircase(step, rate):
    """10,000 steps from 0.003, a tenth at 30%, 60% and 90% (Kolesnikov et al. 2020, section 3.3)."""
    np.testing.assert_allclose(learning_rate(Piecewise(), step, 3e-3, 500, 10_000), rate, rtol=1e-5)


@pytest.mark.parametrize("schedule", [Cosine(), Linear()])
def test_a_run_no_longer_than_its_warmup_only_rises(schedule):
    np.testing.assert_allclose(learning_rate(schedule, jnp.arange(4), 1.0, 8, 4), [0, 1 / 8, 2 / 8, 3 / 8], rtol=1e-6)


def test_one_program_serves_all_numbers():
    traces = []

    @jax.jit
    def rate(step, peak, warmup, steps):
        traces.append(step)
        return learning_rate(Cosine(), step, peak, warmup, steps)

    assert rate(np.int32(0), np.float32(0.1), np.int32(0), np.int32(10)) == np.float32(0.1)
    assert rate(np.int32(1), np.float32(0.8), np.int32(4), np.int32(10)) == np.float32(0.2)
    assert len(traces) == 1
