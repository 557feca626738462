"""Position embeddings of a grid of patches. Shape suffixes: H, W the grid's height and width, C channels."""

import jax
import jax.numpy as jnp
import numpy as np

_TEMPERATURE = 10_000


def resized(grid_HxWxC: jax.Array, height: int, width: int) -> jax.Array:
    """Returns embeddings of another grid: linear between the old ones in both directions, whose corners stay corners.

    As the public code of ViT does (``scipy.ndimage.zoom`` of order 1), for a grid of the old size the same.
    """
    if grid_HxWxC.shape[:2] == (height, width):
        return grid_HxWxC
    rows = jnp.asarray(_interpolation(grid_HxWxC.shape[0], height), grid_HxWxC.dtype)
    columns = jnp.asarray(_interpolation(grid_HxWxC.shape[1], width), grid_HxWxC.dtype)
    return jnp.einsum("hH,wW,HWc->hwc", rows, columns, grid_HxWxC, precision="highest")


def _interpolation(old: int, new: int) -> np.ndarray:
    """Returns the matrix [new, old] that makes `new` values of `old`, the first and last of which stay."""
    places = np.arange(new) * ((old - 1) / (new - 1) if new > 1 else 0.0)
    return np.maximum(0.0, 1.0 - np.abs(places[:, None] - np.arange(old)[None, :]))


def sines_and_cosines(height: int, width: int, channels: int) -> np.ndarray:
    """Returns fixed embeddings [height, width, channels], float32: sin and cos of x, then of y, times frequencies.

    The frequencies are ``10000^(-i / (channels / 4 - 1))`` (Chen et al. 2021, MoCo v3; as in big_vision).
    """
    frequencies = 1.0 / _TEMPERATURE ** (np.arange(channels // 4) / (channels // 4 - 1))
    y, x = np.mgrid[:height, :width]
    angles = [coordinate[..., None] * frequencies for coordinate in (x, y)]
    parts = [function(angle) for angle in angles for function in (np.sin, np.cos)]
    return np.concatenate(parts, axis=-1).astype(np.float32)
