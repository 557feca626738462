"""Convolutions with scaled weight standardization.

Shape suffixes: B batch, H height, W width, I channels in, O channels out, _ the layers of a stack or nothing;
kernels HxWxIxO as lax has them.
"""

import math

import jax
import jax.numpy as jnp
from flax import nnx
from jax import lax

from runtime.models.grouped_convolution import Grouped, convolve
from runtime.parameters import Parameter

_LEAST_SQUARES = 1e-4  # public code, WSConv2D: a bound, not added


def standardize(kernel__xHxWxIxO: jax.Array, gain__xO: jax.Array) -> jax.Array:
    """Returns the kernel with mean zero and norm `gain` over the N = HWI inputs of each output channel.

    ``gain * (W - mean) / sqrt(max(N * var, 1e-4))`` (Brock et al. 2021, eq. 1; the bound is the public code's).
    """
    inputs = (-4, -3, -2)
    centered__xHxWxIxO = kernel__xHxWxIxO - jnp.mean(kernel__xHxWxIxO, axis=inputs, keepdims=True)
    squares__x1x1x1xO = jnp.sum(jnp.square(centered__xHxWxIxO), axis=inputs, keepdims=True)  # N * var
    gain__x1x1x1xO = jnp.expand_dims(gain__xO, inputs)
    return centered__xHxWxIxO * (gain__x1x1x1xO * lax.rsqrt(jnp.maximum(squares__x1x1x1xO, _LEAST_SQUARES)))


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
        self.grouped: Grouped = grouped
        self.is_prepared = False

    def prepare(self) -> None:
        """Standardizes the kernel, or those of a stack, for all calls to come."""
        self.kernel[...] = self._standardized()
        self.is_prepared = True

    def __call__(self, x_BxHxWxI: jax.Array) -> jax.Array:
        kernel = self.kernel[...] if self.is_prepared else self._standardized()
        y_BxHxWxO = convolve(x_BxHxWxI, kernel, stride=self.stride, groups=self.groups, grouped=self.grouped)
        return y_BxHxWxO + self.bias[...]

    def _standardized(self) -> jax.Array:
        return standardize(self.kernel[...], self.gain[...])
