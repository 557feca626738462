"""Tests of the moving average of the weights."""

import jax.numpy as jnp
import numpy as np
import pytest

from runtime.optim.average import averaged


def test_it_follows_the_reference_through_its_warmup():
    weights = np.random.default_rng(0).normal(size=(40, 3))
    average, expected = {"w": jnp.zeros(3)}, np.zeros(3)
    for step, value in enumerate(weights):
        decay = min(0.7, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * value
        average = averaged(average, {"w": jnp.asarray(value, jnp.float32)}, step, 0.7)
        np.testing.assert_allclose(average["w"], expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("step", "kept"), [(0, 1 / 10), (8, 1 / 2), (90, 91 / 100), (10**6, 0.9999)])
def test_share_of_the_old_average_that_is_kept(step, kept):
    average = averaged({"w": jnp.ones(())}, {"w": jnp.zeros(())}, step, 0.9999)
    np.testing.assert_allclose(average["w"], kept, rtol=1e-6)


def test_it_stays_float32_and_at_equal_weights():
    parameters = {"w": jnp.full((3,), 0.1, jnp.float32)}
    average = averaged(parameters, parameters, jnp.int32(5), np.float32(0.9999))
    assert average["w"].dtype == jnp.float32
    np.testing.assert_array_equal(average["w"], parameters["w"])
