"""Affine maps."""

import jax
import numpy as np
import pytest

from runtime.models.linear import Linear, lecun_normal, truncated_normal
from runtime.parameters import Layout


def test_a_linear_map_adds_its_bias_which_starts_at_zero():
    kernel, x = jax.random.normal(jax.random.key(0), (3, 2)), jax.random.normal(jax.random.key(1), (4, 3))
    linear = Linear(kernel)
    np.testing.assert_allclose(linear(x), np.asarray(x) @ np.asarray(kernel), rtol=1e-5, atol=1e-6)
    linear.bias[...] = np.array([1.0, 2.0])
    np.testing.assert_allclose(linear(x), np.asarray(x) @ np.asarray(kernel) + [1, 2], rtol=1e-5, atol=1e-6)


def test_the_role_is_that_of_the_kernel_alone():
    linear = Linear(jax.numpy.ones((3, 2)), role="head")
    assert linear.kernel.layout == Layout(("in", "out"), "head")
    assert linear.bias.layout == Layout(("out",), "bias")


@pytest.mark.parametrize(("draw", "deviation"), [(lecun_normal, 1.0), (truncated_normal, 0.8796)])
def test_draws_have_the_deviation_of_the_library_they_follow(draw, deviation):
    kernel = np.asarray(draw(jax.random.key(0), 400, 300)) * 20
    assert kernel.std() == pytest.approx(deviation, rel=0.01)
    assert abs(kernel).max() < 2 * deviation / 0.8796 + 1e-3, "cut off at two deviations of the normal one"
