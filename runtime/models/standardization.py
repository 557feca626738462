"""Convolutions with standardised weights, neither gain nor bias: normalisation follows them.

Shape suffixes: B batch, H height, W width, I channels in, O channels out; kernels HxWxIxO as lax has them.
"""

import math
from typing import Literal, assert_never

import jax
import jax.numpy as jnp
from flax import nnx

from runtime.models.grouped_convolution import Grouped, Padding, convolve
from runtime.models.remat import kept
from runtime.parameters import Parameter

# How to keep from dividing by nothing: what is added to the variance (google-research/big_transfer), or to the standard
# deviation (google-research/vision_transformer, models_resnet.py).
Style = Literal["bit", "hybrid"]
_BIT_EPS, _HYBRID_EPS = 1e-10, 1e-5


def standardize(kernel__xHxWxIxO: jax.Array, style: Style) -> jax.Array:
    """Returns the kernel with mean zero and variance one over the inputs of each output channel.

    ``(W - mean) / sqrt(var + 1e-10)``, or in hybrids ``(W - mean) / (std + 1e-5)`` (Qiao et al. 2019).
    """
    inputs = (-4, -3, -2)
    centered = kernel__xHxWxIxO - jnp.mean(kernel__xHxWxIxO, axis=inputs, keepdims=True)
    variance = jnp.mean(jnp.square(centered), axis=inputs, keepdims=True)
    match style:
        case "bit":
            return centered * jax.lax.rsqrt(variance + _BIT_EPS)
        case "hybrid":
            return centered / (jnp.sqrt(variance) + _HYBRID_EPS)
        case _:
            assert_never(style)


class StandardizedConvolution(nnx.Module):
    """A convolution with standardised kernel."""

    def __init__(
        self,
        key: jax.Array,
        inputs: int,
        outputs: int,
        *,
        side: int = 1,
        stride: int = 1,
        style: Style,
        grouped: Grouped,
    ):
        shape = (side, side, inputs, outputs)
        # Drawn flat, which compiles faster; lecun_normal but for its truncation: only directions matter.
        draws = jax.random.normal(key, (math.prod(shape),), jnp.float32).reshape(shape)
        kernel = draws / math.sqrt(math.prod(shape[:-1]))
        self.kernel = Parameter(kernel, "height", "width", "in", "out", role="kernel")
        self.stride = stride
        self.style: Style = style
        self.grouped: Grouped = grouped
        self.is_prepared = False

    def prepare(self) -> None:
        """Standardises the kernel, or those of a stack, for all calls to come."""
        self.kernel[...] = standardize(self.kernel[...], self.style)
        self.is_prepared = True

    def __call__(self, x_BxHxWxI: jax.Array) -> jax.Array:
        padding: Padding = "symmetric" if self.style == "bit" else "same"
        kernel = self.kernel[...] if self.is_prepared else standardize(self.kernel[...], self.style)
        return kept(convolve(x_BxHxWxI, kernel, stride=self.stride, padding=padding, grouped=self.grouped))
