"""Sharpness-aware minimisation (Foret et al. 2021, arXiv 2010.01412, equations 2 and 3)."""

from collections.abc import Callable
from typing import TypeVar

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from runtime.parameters import Parameters

Examples = TypeVar("Examples")
Gradient = Callable[[Parameters, Examples], tuple[jax.Array, Parameters]]


def sharpness_aware(
    gradient: Gradient[Examples], rho: ArrayLike, fraction: float, *, over: str | tuple[str, ...] | None = None
) -> Gradient[Examples]:
    """Returns the gradient function of the loss at its worst within `rho` of the weights.

    ::

        g(w) = gradient(w + rho * a / ||a||_2)    with    a = gradient(w) on the first examples

    The norm is over all parameters together, and second-order terms are dropped. The ascent `a` is
    taken on ``ascent_examples`` of the examples (Brock et al. 2021, appendix A.4), which must be
    examples of the same batch, with the same random masks: the masks' keys are part of `Examples`.
    Only the direction of `a` counts, so a zero gradient (all weights 0, say) leaves w where it is.

    Args:
      gradient: loss and gradient with respect to the parameters; `Examples` is a tree of arrays
        that share their first axis.
      rho: length of the ascent step; may be traced.
      fraction: share of the examples for the ascent, a shape and so static.
      over: the mesh axis or axes whose devices ascend together, along the sum of their gradients; None where each
        ascends along its own (m-sharpness, Foret et al. 2021, section 4.1).
    """

    def at_worst(parameters: Parameters, examples: Examples) -> tuple[jax.Array, Parameters]:
        _, ascent = gradient(parameters, _first(examples, fraction))
        if over is not None:
            ascent = jax.lax.psum(ascent, over)
        return gradient(ascended(parameters, ascent, rho), examples)

    return at_worst


def ascended(parameters: Parameters, gradients: Parameters, rho: ArrayLike) -> Parameters:
    """Returns ``w + rho * g / ||g||_2``, or w where g is zero."""
    norm = jnp.sqrt(sum(jnp.sum(jnp.square(gradient)) for gradient in jax.tree.leaves(gradients)))
    length = rho / jnp.where(norm == 0, 1.0, norm)
    return jax.tree.map(lambda parameter, gradient: parameter + length * gradient, parameters, gradients)


def ascent_examples(examples: int, fraction: float) -> int:
    """Returns how many of a shard's examples the ascent gradient is taken on: the nearest, at least 1."""
    return max(1, round(fraction * examples))


def _first(examples: Examples, fraction: float) -> Examples:
    return jax.tree.map(lambda array: array[: ascent_examples(array.shape[0], fraction)], examples)
