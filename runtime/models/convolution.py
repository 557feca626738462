"""Convolutions with scaled weight standardization.

Shape suffixes: B batch, H height, W width, G groups, I channels in, O channels out, _ the layers of a stack or nothing;
kernels HxWxIxO as lax has them.
"""

import math

import jax
import jax.numpy as jnp
from flax import nnx
from jax import lax

from runtime.models.grouped_convolution import Grouped, Padding, convolve
from runtime.models.remat import Keep, kept
from runtime.parameters import Parameter
from runtime.parts import Part

_INPUTS = (-4, -3, -2)  # axes of a kernel's inputs
_LEAST_SQUARES = 1e-4  # public code, WSConv2D: a bound, not added


@jax.custom_vjp
def standardize(kernel__xHxWxIxO: jax.Array, gain__xO: jax.Array) -> jax.Array:
    """Returns the kernel with mean zero and norm `gain` over the N = HWI inputs of each output channel.

    ``gain * (W - mean) / sqrt(max(N * var, 1e-4))`` (Brock et al. 2021, eq. 1; the bound is the public code's).
    """
    centered__xHxWxIxO, squares__xO = _centered(kernel__xHxWxIxO)
    return centered__xHxWxIxO * _spread(gain__xO * lax.rsqrt(jnp.maximum(squares__xO, _LEAST_SQUARES)))


def _centered(kernel__xHxWxIxO: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Returns the kernel c with mean zero, and the sum S of its squares, which is N * var."""
    centered__xHxWxIxO = kernel__xHxWxIxO - jnp.mean(kernel__xHxWxIxO, axis=_INPUTS, keepdims=True)
    return centered__xHxWxIxO, jnp.sum(jnp.square(centered__xHxWxIxO), axis=_INPUTS)


def _spread(x__xO: jax.Array) -> jax.Array:
    """Returns values of output channels as they stand beside kernels."""
    return jnp.expand_dims(x__xO, _INPUTS)


def _forward(kernel__xHxWxIxO: jax.Array, gain__xO: jax.Array) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
    return standardize(kernel__xHxWxIxO, gain__xO), (kernel__xHxWxIxO, gain__xO)


def _backward(residuals: tuple[jax.Array, jax.Array], dy__xHxWxIxO: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Returns the gradients of kernel and gain, which as JAX derives them take XLA:CPU eight times as long if 1x1::

        dW = gain (dy - mean(dy) - c sum(dy c) / S) / sqrt(S),      dgain = sum(dy c) / sqrt(S)

    Where S is below the bound, that is in its place under the roots and the last term of dW is 0.
    """
    kernel__xHxWxIxO, gain__xO = residuals
    centered__xHxWxIxO, squares__xO = _centered(kernel__xHxWxIxO)
    bounded__xO = jnp.maximum(squares__xO, _LEAST_SQUARES)
    scale__xO, along__xO = lax.rsqrt(bounded__xO), jnp.sum(dy__xHxWxIxO * centered__xHxWxIxO, axis=_INPUTS)
    shrinking__xO = jnp.where(squares__xO > _LEAST_SQUARES, along__xO / bounded__xO, 0)
    mean__x1x1x1xO = jnp.mean(dy__xHxWxIxO, axis=_INPUTS, keepdims=True)
    rest__xHxWxIxO = dy__xHxWxIxO - mean__x1x1x1xO - centered__xHxWxIxO * _spread(shrinking__xO)
    return rest__xHxWxIxO * _spread(gain__xO * scale__xO), along__xO * scale__xO


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
        keep: Keep | None = None,
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
        self.keep: Keep | None = keep
        self.is_prepared = False
        self.is_separate = False

    def prepare(self) -> None:
        """Standardizes the kernel, or those of a stack, for all calls to come."""
        self.kernel[...] = self._standardized()
        self.is_prepared = True

    def separate(self) -> None:
        """Sets the groups of a kernel, or of those of a stack, apart for all calls to come: [.., H, W, G, I, O / G].

        A TPU computes with them as they lie then. Else it would arrange the kernel, and its gradient, in each turn of
        a loop over a stack.
        """
        kernel: jax.Array | Part = self.kernel.get_value()
        splits_outputs = isinstance(kernel, Part) and kernel.axis != -2  # and so perhaps groups
        if self.groups > 1 and self.grouped == "native" and not splits_outputs:
            self.kernel.set_value(jax.tree.map(self._apart, kernel))
            self.is_separate = True

    def __call__(self, x_BxHxWxI: jax.Array) -> jax.Array:
        kernel = self.kernel[...] if self.is_prepared else self._standardized()
        if self.is_separate:
            kernel = _joined(kernel)
        y_BxHxWxO = convolve(
            x_BxHxWxI, kernel, stride=self.stride, groups=self.groups, padding=self.padding, grouped=self.grouped
        )
        if self.keep is not None:
            y_BxHxWxO = kept(y_BxHxWxO, self.keep)
        return y_BxHxWxO + self.bias[...]

    def _apart(self, kernel__xHxWxIxO: jax.Array) -> jax.Array:
        *shape, outputs = kernel__xHxWxIxO.shape
        kernel__xHxWxIxGxO = kernel__xHxWxIxO.reshape(*shape, self.groups, outputs // self.groups)
        return kernel__xHxWxIxGxO.swapaxes(-3, -2)

    def _standardized(self) -> jax.Array:
        return standardize(self.kernel[...], self.gain[...])


def _joined(kernel_HxWxGxIxO: jax.Array) -> jax.Array:
    """Returns the kernel [H, W, I, GO] of groups that lie apart."""
    height, width, _, inputs, _ = kernel_HxWxGxIxO.shape
    return kernel_HxWxGxIxO.swapaxes(2, 3).reshape(height, width, inputs, -1)
