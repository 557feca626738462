"""Averages over the image, against numpy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from runtime.models.pooling import global_mean, halve


def numpy_halve(x: np.ndarray) -> np.ndarray:
    """Returns the mean of what lies in each window; windows reach past odd edges, where nothing lies."""
    batch, height, width, channels = x.shape
    y = np.empty((batch, -(-height // 2), -(-width // 2), channels))
    for row, column in np.ndindex(*y.shape[1:3]):
        y[:, row, column] = x[:, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2].mean((1, 2))
    return y


@pytest.mark.parametrize(("height", "width"), [(4, 6), (5, 4), (7, 3), (1, 1)])
def test_halve_averages_the_pixels_there_are(height: int, width: int):
    x = np.random.default_rng(0).normal(size=(2, height, width, 3)).astype(np.float32)
    np.testing.assert_allclose(jax.jit(halve)(x), numpy_halve(x), rtol=1e-5, atol=1e-6)


def test_means_keep_their_dtype_but_are_summed_in_a_wider_one():
    x = jnp.full((1, 64, 64, 1), 1.0, jnp.bfloat16)  # 4,096 ones, where bfloat16 cannot count past 256
    assert global_mean(x).dtype == halve(x).dtype == jnp.bfloat16
    assert global_mean(x).tolist() == [[1]]
