"""Rematerialization: what the backward pass computes again rather than keeps in memory (Chen et al. 2016)."""

from collections.abc import Callable
from typing import Any, Literal, ParamSpec, TypeVar, assert_never

import jax
from jax import lax

# "none" keeps everything, "activations" the results of convolutions and matrix products and no
# elementwise ones, "blocks" the inputs of residual blocks alone.
Remat = Literal["none", "activations", "blocks"]

P = ParamSpec("P")
R = TypeVar("R")


def rematerialized(function: Callable[P, R], remat: Remat) -> Callable[P, R]:
    """Returns `function`, whose backward pass computes again what `remat` does not keep."""
    match remat:
        case "none":
            return function
        case "activations":
            return jax.checkpoint(function, policy=_is_matrix_work)
        case "blocks":
            return jax.checkpoint(function)
        case _:
            assert_never(remat)


def _is_matrix_work(primitive: Any, *_: Any, **__: Any) -> bool:
    return primitive in (lax.conv_general_dilated_p, lax.dot_general_p)
