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


@jax.custom_vjp
def standardize(kernel_HxWxIxO: jax.Array, gain_O: jax.Array) -> jax.Array:
    """Returns the kernel with mean zero and norm `gain` over the N = HWI inputs of each output channel.

    ``gain * (W - mean) / sqrt(max(N * var, 1e-4))`` (Brock et al. 2021, eq. 1; the bound is the public code's).
    """
    centered_HxWxIxO, squares_O = _centered(kernel_HxWxIxO)
    return centered_HxWxIxO * (gain_O * lax.rsqrt(jnp.maximum(squares_O, _LEAST_SQUARES)))


def _centered(kernel_HxWxIxO: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Returns the kernel c with mean zero, and the sum S of its squares, which is N * var."""
    centered_HxWxIxO = kernel_HxWxIxO - jnp.mean(kernel_HxWxIxO, axis=(0, 1, 2))
    return centered_HxWxIxO, jnp.sum(jnp.square(centered_HxWxIxO), axis=(0, 1, 2))


def _forward(kernel_HxWxIxO: jax.Array, gain_O: jax.Array) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
    return standardize(kernel_HxWxIxO, gain_O), (kernel_HxWxIxO, gain_O)


def _backward(residuals: tuple[jax.Array, jax.Array], dy_HxWxIxO: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Returns the gradients of kernel and gain, which as JAX derives them take XLA:CPU eight times as long if 1x1::

        dW = gain (dy - mean(dy) - c sum(dy c) / S) / sqrt(S),      dgain = sum(dy c) / sqrt(S)

    Where S is below the bound, that is in its place under the roots and the last term of dW is 0.
    """
    kernel_HxWxIxO, gain_O = residuals
    centered_HxWxIxO, squares_O = _centered(kernel_HxWxIxO)
    bounded_O = jnp.maximum(squares_O, _LEAST_SQUARES)
    scale_O, along_O = lax.rsqrt(bounded_O), jnp.sum(dy_HxWxIxO * centered_HxWxIxO, axis=(0, 1, 2))
    shrinking_O = jnp.where(squares_O > _LEAST_SQUARES, along_O / bounded_O, 0)
    rest_HxWxIxO = dy_HxWxIxO - jnp.mean(dy_HxWxIxO, axis=(0, 1, 2)) - centered_HxWxIxO * shrinking_O
    return rest_HxWxIxO * (gain_O * scale_O), along_O * scale_O


standardize.defvjp(_forward, _backward)


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
