"""Convolutions with standardised weights, neither gain nor bias: normalisation follows them.

Shape suffixes: B batch, H height, W width, I channels in, O channels out; kernels HxWxIxO as lax has them.
"""

import math
from typing import Literal, assert_never

import jax
import jax.numpy as jnp
from flax import nnx

from runtime.models.grouped_convolution import Grouped, Padding, convolve
from runtime.parameters import Parameter

# How to keep from dividing by nothing: what is added to the variance (google-research/big_transfer), or to the standard
# deviation (google-research/vision_transformer, models_resnet.py).
Style = Literal["bit", "hybrid"]
_BIT_EPS, _HYBRID_EPS = 1e-10, 1e-5


def standardize(kernel_HxWxIxO: jax.Array, style: Style) -> jax.Array:
    """Returns the kernel with mean zero and variance one over the inputs of each output channel.

    ``(W - mean) / sqrt(var + 1e-10)``, or in hybrids ``(W - mean) / (std + 1e-5)`` (Qiao et al. 2019).
    """
    centered_HxWxIxO = kernel_HxWxIxO - jnp.mean(kernel_HxWxIxO, axis=(0, 1, 2))
    variance_O = jnp.mean(jnp.square(centered_HxWxIxO), axis=(0, 1, 2))
    match style:
        case "bit":
            return centered_HxWxIxO * jax.lax.rsqrt(variance_O + _BIT_EPS)
        case "hybrid":
            return centered_HxWxIxO / (jnp.sqrt(variance_O) + _HYBRID_EPS)
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

    def __call__(self, x_BxHxWxI: jax.Array) -> jax.Array:
        padding: Padding = "symmetric" if self.style == "bit" else "same"
        kernel = standardize(self.kernel[...], self.style)
        return convolve(x_BxHxWxI, kernel, stride=self.stride, padding=padding, grouped=self.grouped)
