"""Tests of the averages of the weights."""

import jax.numpy as jnp
import numpy as np
import pytest

from nfdsl.schema.averages import EMA, Polyak
from runtime.optim.average import averaged

STEPS = 40


def averages(rule):
    """Yields the average after each of a run's steps, and the weights of all steps up to there."""
    weights = np.random.default_rng(0).normal(size=(STEPS, 3))
    average = {"w": jnp.zeros(3)}
    for step, value in enumerate(weights):
        average = averaged(rule, average, {"w": jnp.asarray(value, jnp.float32)}, step, STEPS)
        yield average["w"], weights[: step + 1]


@pytest.mark.parametrize("warmup", [True, False])
def test_the_moving_average_follows_the_reference(warmup):
    expected = np.zeros(3)
    for step, (average, weights) in enumerate(averages(EMA(0.7, warmup))):
        decay = min(0.7, (1 + step) / (10 + step)) if warmup else 0.7
        expected = decay * expected + (1 - decay) * weights[-1]
        np.testing.assert_allclose(average, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("start", [0.0, 0.07, 0.25, 0.9])
def test_polyaks_average_is_the_mean_of_the_weights_from_its_start_on(start):
    for step, (average, weights) in enumerate(averages(Polyak(start))):
        expected = weights[min(step, round(start * STEPS)) :].mean(axis=0)
        np.testing.assert_allclose(average, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("step", "kept"), [(0, 1 / 10), (8, 1 / 2), (90, 91 / 100), (10**6, 0.9999)])
def test_share_of_the_old_average_that_is_kept(step, kept):
    average = averaged(EMA(0.9999), {"w": jnp.ones(())}, {"w": jnp.zeros(())}, step, 10**7)
    np.testing.assert_allclose(average["w"], kept, rtol=1e-6)


@pytest.mark.parametrize("rule", [EMA(np.float32(0.9999)), EMA(0.9, False), Polyak(0.0)])
def test_it_stays_float32_and_at_equal_weights(rule):
    parameters = {"w": jnp.full((3,), 0.1, jnp.float32)}
    average = averaged(rule, parameters, parameters, jnp.int32(5), jnp.int32(10))
    assert average["w"].dtype == jnp.float32
    np.testing.assert_array_equal(average["w"], parameters["w"])
