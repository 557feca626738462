"""Sharpness-aware minimisation (Foret et al. 2021, arXiv 2010.01412, equations 2 and 3)."""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from numpy.typing import NDArray

from runtime.parameters import Parameters

Examples = TypeVar("Examples")
Gradient = Callable[[Parameters, Examples], tuple[jax.Array, Parameters]]


def sharpness_aware(
    gradient: Gradient[Examples],
    rho: ArrayLike,
    chosen: Callable[[Examples], Examples],
    *,
    over: str | tuple[str, ...] | None = None,
) -> Gradient[Examples]:
    """Returns the gradient function of the loss at its worst within `rho` of the weights.

    ::

        g(w) = gradient(w + rho * a / ||a||_2)    with    a = gradient(w) on some of the examples

    The norm is over all parameters together, and second-order terms are dropped. The ascent `a` is
    taken on a share of the examples (Brock et al. 2021, appendix A.4), which must be
    examples of the same batch, with the same random masks: the masks' keys are part of `Examples`.
    Only the direction of `a` counts, so a zero gradient (all weights 0, say) leaves w where it is.

    Args:
      gradient: loss and gradient with respect to the parameters; `Examples` is a tree of arrays
        that share their first axis.
      rho: length of the ascent step; may be traced.
      chosen: returns those of the examples that the ascent is taken on: see `ascent_places`.
      over: the mesh axis or axes whose devices ascend together, along the sum of their gradients; None where each
        ascends along its own (m-sharpness, Foret et al. 2021, section 4.1).
    """

    def at_worst(parameters: Parameters, examples: Examples) -> tuple[jax.Array, Parameters]:
        _, ascent = gradient(parameters, chosen(examples))
        if over is not None:
            ascent = jax.lax.psum(ascent, over)
        return gradient(ascended(parameters, ascent, rho), examples)

    return at_worst


def ascended(parameters: Parameters, gradients: Parameters, rho: ArrayLike) -> Parameters:
    """Returns ``w + rho * g / ||g||_2``, or w where g is zero."""
    norm = jnp.sqrt(sum(jnp.sum(jnp.square(gradient)) for gradient in jax.tree.leaves(gradients)))
    length = rho / jnp.where(norm == 0, 1.0, norm)
    return jax.tree.map(lambda parameter, gradient: parameter + length * gradient, parameters, gradients)


class AscentPlaces(NamedTuple):
    """Where each of d devices finds what it adds to an ascent; those that hold fewer take one that does not count."""

    rows: NDArray[np.int64]  # [d, m], among a device's own examples
    counts: NDArray[np.float32]  # [d, m]: 1 or 0


def ascent_places(examples: int, fraction: float, devices: int) -> AscentPlaces:
    """Returns which of `examples` an ascent is taken on: a share of them, evenly spread.

    Which they are does not depend on the devices, which hold an equal part each, one after the other; and no device
    has more than its share of the work, but for rounding.
    """
    count, each = ascent_examples(examples, fraction), examples // devices
    places = np.arange(count) * examples // count
    rows = np.zeros((devices, -(-each * count // examples)), np.int64)
    counts = np.zeros(rows.shape, np.float32)
    for device in range(devices):
        own = places[places // each == device]
        rows[device, : len(own)], counts[device, : len(own)] = own - device * each, 1
    return AscentPlaces(rows, counts)


def ascent_examples(examples: int, fraction: float) -> int:
    """Returns how many of the examples of a part an ascent is taken on: the nearest, at least 1."""
    return max(1, round(fraction * examples))


def ascents_each(ascents: int, batch: int, devices: int) -> int:
    """Returns on how many parts of the batch each device ascends, one after the other; 0 where all ascend on one.

    Raises:
      ValueError: the batch does not divide into so many parts, or these do not divide evenly over the devices.
    """
    if batch % ascents:
        raise ValueError(f"a batch of {batch} images does not divide into the {ascents} parts that `sam` ascends on")
    if ascents == 1 < devices:
        return 0
    each, left = divmod(ascents, devices)
    if left:
        raise ValueError(
            f"`sam` ascends on {ascents} parts of each batch, one for each chip that `hardware` states, and they do not"
            f" divide evenly over {devices} devices"
        )
    return each
