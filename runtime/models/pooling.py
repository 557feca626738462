"""Averages and maxima over the image. Shape suffixes: B batch, H height, W width, C channels."""

import jax
import jax.numpy as jnp
from jax import lax


def halve(x_BxHxWxC: jax.Array) -> jax.Array:
    """Returns the mean of each 2x2 square; at an odd edge, of the pixels there are (TensorFlow's and Haiku's SAME)."""
    batch, height, width, channels = x_BxHxWxC.shape
    # The mean of a pixel and its copy is the pixel, so repeating the edge leaves padding out of the mean.
    even = jnp.pad(x_BxHxWxC, ((0, 0), (0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    squares = even.reshape(batch, (height + 1) // 2, 2, (width + 1) // 2, 2, channels)
    return jnp.mean(squares, axis=(2, 4))


def global_mean(x_BxHxWxC: jax.Array) -> jax.Array:
    """Returns each channel's mean over the image, [B, C]."""
    return jnp.mean(x_BxHxWxC, axis=(1, 2))


def halve_by_maximum(x_BxHxWxC: jax.Array) -> jax.Array:
    """Returns the largest value of each 3x3 square around every other pixel; the padding in front and behind is 0,
    which counts (PyTorch's root of BiT)."""
    padded = jnp.pad(x_BxHxWxC, ((0, 0), (1, 1), (1, 1), (0, 0)))
    return _largest(padded, "VALID")


def halve_by_maximum_same(x_BxHxWxC: jax.Array) -> jax.Array:
    """Returns the largest value of 3x3 squares with stride 2, of the pixels there are (flax's SAME)."""
    return _largest(x_BxHxWxC, "SAME")


def _largest(x_BxHxWxC: jax.Array, padding: str) -> jax.Array:
    return lax.reduce_window(x_BxHxWxC, -jnp.inf, lax.max, (1, 3, 3, 1), (1, 2, 2, 1), padding)
