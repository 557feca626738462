"""Activations keep unit variance."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import expit

from nfdsl.schema.model import Activation
from runtime.models.activation import GAINS, activate


def gaussian(values: np.ndarray, z: np.ndarray) -> float:
    """Returns the mean of `values` at the points `z` of a fine grid under the standard normal density."""
    weights = np.exp(-(z**2) / 2)
    return float(np.sum(values * weights) / np.sum(weights))


@pytest.mark.parametrize("activation", ["gelu", "relu", "silu"])
def test_the_output_has_unit_variance_under_a_standard_normal(activation: Activation):
    z = np.linspace(-12, 12, 200_001)
    f = np.asarray(activate(jnp.asarray(z, jnp.float32), activation), np.float64)
    # The public code's gains, which released weights need, are sampled: up to 7e-4 too large.
    assert gaussian(f**2, z) - gaussian(f, z) ** 2 == pytest.approx(1, abs=2e-3)


@pytest.mark.parametrize(
    ("activation", "expected"),
    [
        ("relu", lambda z: 1.7139588594436646 * np.maximum(z, 0)),
        ("silu", lambda z: 1.7881293296813965 * z * expit(z)),
        # The tanh approximation: the exact one is 2e-4 off at -2.
        ("gelu", lambda z: 1.7015043497085571 * z * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3))) / 2),
    ],
)
def test_values_are_those_of_the_public_code(activation: Activation, expected):
    z = np.linspace(-5, 5, 101)
    np.testing.assert_allclose(activate(jnp.asarray(z, jnp.float32), activation), expected(z), rtol=1e-5, atol=1e-6)


def test_the_slope_of_gelu_is_that_of_its_formula():
    def formula(z: jax.Array) -> jax.Array:
        return GAINS["gelu"] * jax.nn.gelu(z, approximate=True)

    z = jnp.linspace(-5, 5, 101)
    expected, actual = (jax.vmap(jax.grad(f))(z) for f in (formula, lambda z: activate(z, "gelu")))
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-5)
