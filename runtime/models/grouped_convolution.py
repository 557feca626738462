"""Convolutions in groups, in the form that the device at hand computes fast.

Shape suffixes: B batch, H height, W width, I channels in, O channels out; h, w the output's height and width.
"""

from collections.abc import Sequence
from functools import partial
from typing import Literal, assert_never

import jax
import jax.numpy as jnp
from jax import lax

# "native": XLA's own grouped convolution and gradient. "split": one dense convolution per group, its gradients
# written as the one kind of convolution that XLA:CPU computes fast everywhere. Others take a path up to twenty
# times slower: all gradients of grouped convolutions, and in loops any gradient (jax-ml/jax#12868). What looks at one
# pixel is a matrix product, whose gradients are up to three times as fast as those of a convolution.
Grouped = Literal["split", "native"]

# "same": TensorFlow's and XLA's, more of it behind than before. "symmetric": PyTorch's (side - 1) / 2 on either hand,
# for odd sides. Both give one pixel for every `stride` pixels begun.
Padding = Literal["same", "symmetric"]

Pads = Sequence[tuple[int, int]]  # before and after height and width

# Of dy, that a kernel's gradient sums over at once. With four times as many XLA:CPU takes three times as long for each.
_PIXELS = 2048

_NHWC = ("NHWC", "HWIO", "NHWC")


def convolve(
    x_BxHxWxI: jax.Array,
    kernel_HxWxIxO: jax.Array,
    *,
    stride: int = 1,
    groups: int = 1,
    padding: Padding = "same",
    grouped: Grouped,
) -> jax.Array:
    """Returns the padded convolution; each group of outputs sees its own group of inputs.

    Both forms have the same result.
    """
    strides = (stride, stride)
    match grouped:
        case "native":
            pads = _pads(x_BxHxWxI, kernel_HxWxIxO, stride, padding)
            return lax.conv_general_dilated(
                x_BxHxWxI, kernel_HxWxIxO, strides, pads, dimension_numbers=_NHWC, feature_group_count=groups
            )
        case "split":
            parts = zip(jnp.split(x_BxHxWxI, groups, -1), jnp.split(kernel_HxWxIxO, groups, -1), strict=True)
            convolve_dense = _convolve_pixels if kernel_HxWxIxO.shape[:2] == (1, 1) else _convolve_dense
            return jnp.concatenate([convolve_dense(x, kernel, stride, padding) for x, kernel in parts], axis=-1)
        case _:
            assert_never(grouped)


def _convolve_pixels(x_BxHxWxI: jax.Array, kernel_1x1xIxO: jax.Array, stride: int, _: Padding) -> jax.Array:
    return x_BxHxWxI[:, ::stride, ::stride] @ kernel_1x1xIxO[0, 0]


@partial(jax.custom_vjp, nondiff_argnums=(2, 3))
def _convolve_dense(x_BxHxWxI: jax.Array, kernel_HxWxIxO: jax.Array, stride: int, padding: Padding) -> jax.Array:
    pads = _pads(x_BxHxWxI, kernel_HxWxIxO, stride, padding)
    return lax.conv_general_dilated(x_BxHxWxI, kernel_HxWxIxO, (stride, stride), pads, dimension_numbers=_NHWC)


def _forward(
    x_BxHxWxI: jax.Array, kernel_HxWxIxO: jax.Array, stride: int, padding: Padding
) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
    return _convolve_dense(x_BxHxWxI, kernel_HxWxIxO, stride, padding), (x_BxHxWxI, kernel_HxWxIxO)


def _backward(
    stride: int, padding: Padding, residuals: tuple[jax.Array, jax.Array], dy_BxhxwxO: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """Returns the gradients of images and kernel, each by a convolution of dimensions in the usual order.

    dx is dy, spread out by the stride, convolved with the mirrored kernel. `_pads` leaves no pixel over behind the last
    window, so none needs be added.
    """
    x_BxHxWxI, kernel_HxWxIxO = residuals
    pads = _pads(x_BxHxWxI, kernel_HxWxIxO, stride, padding)
    sides = kernel_HxWxIxO.shape[:2]
    mirrored_HxWxOxI = jnp.flip(kernel_HxWxIxO, (0, 1)).swapaxes(2, 3)
    dx_BxHxWxI = lax.conv_general_dilated(
        dy_BxhxwxO,
        mirrored_HxWxOxI,
        (1, 1),
        [(side - 1 - before, side - 1 - after) for side, (before, after) in zip(sides, pads, strict=True)],
        lhs_dilation=(stride, stride),
        dimension_numbers=_NHWC,
    )
    return dx_BxHxWxI, _kernel_gradient(x_BxHxWxI, dy_BxhxwxO, stride, pads, jnp.zeros_like(kernel_HxWxIxO))


def _kernel_gradient(
    x_BxHxWxI: jax.Array, dy_BxhxwxO: jax.Array, stride: int, pads: Pads, zeros_HxWxIxO: jax.Array
) -> jax.Array:
    """Returns x convolved with dy, where the batch takes the place of the channels: a few images at a time."""

    def add(sum_HxWxIxO: jax.Array, part: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, None]:
        x_bxHxWxI, dy_bxhxwxO = part
        dk_IxHxWxO = lax.conv_general_dilated(
            x_bxHxWxI.swapaxes(0, 3),
            dy_bxhxwxO.transpose(1, 2, 0, 3),
            (1, 1),
            pads,
            rhs_dilation=(stride, stride),
            dimension_numbers=_NHWC,
        )
        return sum_HxWxIxO + dk_IxHxWxO.transpose(1, 2, 0, 3), None

    batch, height, width, _ = dy_BxhxwxO.shape
    images = next(n for n in range(batch, 0, -1) if batch % n == 0 and (n * height * width <= _PIXELS or n == 1))
    if images == batch:
        return add(zeros_HxWxIxO, (x_BxHxWxI, dy_BxhxwxO))[0]
    parts = [array.reshape(-1, images, *array.shape[1:]) for array in (x_BxHxWxI, dy_BxhxwxO)]
    return lax.scan(add, zeros_HxWxIxO, (parts[0], parts[1]))[0]


def _pads(x_BxHxWxI: jax.Array, kernel_HxWxIxO: jax.Array, stride: int, padding: Padding) -> Pads:
    """Returns the padding before and after height and width; negative where pixels behind are never looked at."""
    sizes, sides = x_BxHxWxI.shape[1:3], kernel_HxWxIxO.shape[:2]
    return [_pad(size, side, stride, padding) for size, side in zip(sizes, sides, strict=True)]


def _pad(size: int, side: int, stride: int, padding: Padding) -> tuple[int, int]:
    total = (-(-size // stride) - 1) * stride + side - size
    before = (side - 1) // 2 if padding == "symmetric" else max(total, 0) // 2
    return before, total - before


_convolve_dense.defvjp(_forward, _backward)
