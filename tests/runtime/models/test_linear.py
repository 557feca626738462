"""Affine maps."""

import jax
import numpy as np

from runtime.models.linear import Linear
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
