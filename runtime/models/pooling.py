"""Averages over the image. Shape suffixes: B batch, H height, W width, C channels."""

import jax
import jax.numpy as jnp


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
