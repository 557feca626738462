"""Position embeddings against the code they were published with."""

import jax.numpy as jnp
import numpy as np
import pytest
import scipy.ndimage

from runtime.models.positions import resized, sines_and_cosines


@pytest.mark.parametrize(("old", "new"), [(14, 24), (14, 7), (7, 12), (3, 3), (4, 1), (1, 5), (2, 9)])
def test_resizing_is_scipy_s_zoom_of_order_1(old: int, new: int):
    grid = np.random.default_rng(0).normal(size=(old, old, 5)).astype(np.float32)
    zoomed = scipy.ndimage.zoom(grid, (new / old, new / old, 1), order=1)
    np.testing.assert_allclose(resized(jnp.asarray(grid), new, new), zoomed, rtol=1e-5, atol=1e-5)


def test_sides_are_resized_each_by_itself():
    grid = jnp.asarray(np.random.default_rng(0).normal(size=(3, 4, 2)), jnp.float32)
    assert resized(grid, 5, 7).shape == (5, 7, 2)
    np.testing.assert_allclose(resized(grid, 5, 4)[::2], grid, rtol=1e-6)


def test_sines_and_cosines_are_big_vision_s():
    height, width, channels = 3, 5, 16
    y, x = np.mgrid[:height, :width]
    omega = 1.0 / 10_000 ** (np.arange(channels // 4) / (channels // 4 - 1))
    y, x = np.einsum("m,d->md", y.flatten(), omega), np.einsum("m,d->md", x.flatten(), omega)
    published = np.concatenate([np.sin(x), np.cos(x), np.sin(y), np.cos(y)], axis=1)
    np.testing.assert_allclose(sines_and_cosines(height, width, channels).reshape(-1, channels), published, atol=1e-7)
