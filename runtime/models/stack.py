"""Layers of one shape as a single module, whose parameters have a leading "layer" axis."""

from collections.abc import Callable
from typing import TypeVar

import jax
from flax import nnx

from runtime.parameters import Parameter

M = TypeVar("M", bound=nnx.Module)


def stack(create: Callable[[jax.Array], M], keys_L: jax.Array) -> M:
    """Returns ``create(key)`` of every key as one module; `jax.lax.scan` over it takes one layer at a time."""

    def stacked(parameter: Parameter) -> Parameter:
        return parameter.stacked()

    layers = jax.vmap(create)(keys_L)
    return jax.tree.map(stacked, layers, is_leaf=lambda node: isinstance(node, Parameter))
