"""Convolutions with scaled weight standardization.

Shape suffixes: B batch, H height, W width, I channels in, O channels out; kernels HxWxIxO as lax has them.
"""

import math

import jax
import jax.numpy as jnp
from flax import nnx
from jax import lax

from runtime.models.grouped_convolution import Grouped, Padding, convolve
from runtime.parameters import Parameter

_LEAST_SQUARES = 1e-4  # public code, WSConv2D: a bound, not added


def standardize(kernel_HxWxIxO: jax.Array, gain_O: jax.Array) -> jax.Array:
    """Returns the kernel with mean zero and norm `gain` over the N = HWI inputs of each output channel.

    ``gain * (W - mean) / sqrt(max(N * var, 1e-4))`` (Brock et al. 2021, eq. 1; the bound is the public code's).
    """
    centered_HxWxIxO = kernel_HxWxIxO - jnp.mean(kernel_HxWxIxO, axis=(0, 1, 2))
    squares_O = jnp.sum(jnp.square(centered_HxWxIxO), axis=(0, 1, 2))  # N * var
    return centered_HxWxIxO * (gain_O * lax.rsqrt(jnp.maximum(squares_O, _LEAST_SQUARES)))


class Convolution(nnx.Module):
    """A convolution with standardized kernel, a gain and a bias for each output channel."""

    def __init__(
        self,
        key: jax.Array,
        inputs: int,
        outputs: int,
        *,
        side: int = 1,
        stride: int = 1,
        groups: int = 1,
        padding: Padding = "same",
        grouped: Grouped,
    ):
        shape = (side, side, inputs // groups, outputs)
        # Drawn flat: XLA:CPU takes 2 s to compile a draw of four axes, 0.2 s for the same numbers along one.
        draws = jax.random.normal(key, (math.prod(shape),), jnp.float32).reshape(shape)
        kernel = draws / math.sqrt(math.prod(shape[:-1]))
        self.kernel = Parameter(kernel, "height", "width", "in", "out", role="kernel")
        self.gain = Parameter(jnp.ones(outputs, jnp.float32), "out", role="gain")
        self.bias = Parameter(jnp.zeros(outputs, jnp.float32), "out", role="bias")
        self.stride = stride
        self.groups = groups
        self.padding: Padding = padding
        self.grouped: Grouped = grouped

    def __call__(self, x_BxHxWxI: jax.Array) -> jax.Array:
        kernel = standardize(self.kernel[...], self.gain[...])
        y_BxHxWxO = convolve(
            x_BxHxWxI, kernel, stride=self.stride, groups=self.groups, padding=self.padding, grouped=self.grouped
        )
        return y_BxHxWxO + self.bias[...]
