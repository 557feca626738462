"""Adaptive gradient clipping (Brock et al. 2021, arXiv 2102.06171, equation 3).

A *unit* is the weights that feed one output. Its gradient may be at most `ratio` times as long as
the unit itself, so that no step changes a unit by more than a share of its length.
"""

from typing import Any

import jax
import jax.numpy as jnp
import optax
from jax.typing import ArrayLike

from runtime.parameters import Layout, Layouts, Parameters

_SMALLEST_NORM = 1e-6  # never divide by less (the papers' code)


def unit_axes(layout: Layout) -> tuple[int, ...]:
    """Returns the axes one unit extends over.

    Those are the axes that feed an output: all but `out`, and but `layer`, whose entries are
    separate tensors. A tensor without such axes (a gain, a bias) is one unit as a whole.
    """
    whole = tuple(i for i, axis in enumerate(layout.axes) if axis != "layer")
    fan_in = tuple(i for i in whole if layout.axes[i] != "out")
    return fan_in or whole


def clip(
    gradients: Parameters, parameters: Parameters, layouts: Layouts, ratio: ArrayLike, eps: ArrayLike
) -> Parameters:
    """Returns `gradients`, with every unit but the head's at most ``ratio * max(||w||, eps)`` long.

    ::

        g <- g * ratio * max(||w||, eps) / max(||g||, 1e-6)   where ||g|| > ratio * max(||w||, eps)

    The norms are those of the raw weights, before any standardization. A NaN gradient stays NaN.

    Args:
      gradients, parameters, layouts: nested alike.
      ratio: largest gradient norm over weight norm, lambda in the paper.
      eps: smallest weight norm assumed, so that weights that start at zero can move.
    """

    def clipped(gradient: jax.Array, parameter: jax.Array, layout: Layout) -> jax.Array:
        if layout.role == "head":
            return gradient
        axes = unit_axes(layout)
        longest = ratio * jnp.maximum(_norm(parameter, axes), eps)
        norm = _norm(gradient, axes)
        return jnp.where(norm > longest, gradient * (longest / jnp.maximum(norm, _SMALLEST_NORM)), gradient)

    return jax.tree.map(clipped, gradients, parameters, layouts)


def adaptive_clip(layouts: Layouts, ratio: ArrayLike, eps: ArrayLike) -> optax.GradientTransformation:
    """Returns `clip` as a stateless link of an optax chain."""

    def update(updates: Any, state: optax.OptState, params: Any = None) -> tuple[Parameters, optax.OptState]:
        return clip(updates, params, layouts, ratio, eps), state

    return optax.GradientTransformation(optax.init_empty_state, update)


def _norm(x: jax.Array, axes: tuple[int, ...]) -> jax.Array:
    return jnp.sqrt(jnp.sum(jnp.square(x), axis=axes, keepdims=True))
