"""What of a network is kept for the backward pass, which computes the rest again: rematerialisation.

Reference: Chen et al. 2016, Training deep nets with sublinear memory cost.
"""

from typing import Any, Literal

import jax
from jax import lax
from jax.ad_checkpoint import checkpoint_name
from jax.extend.core import Primitive

# What the backward pass computes again rather than keeps in memory: "none" keeps everything, "activations" what the
# blocks say is worth it (`kept`), "blocks" the inputs of residual blocks alone.
Remat = Literal["none", "activations", "blocks"]
Keep = Literal["alone", "with its gradient"]
_KEPT = "kept"
IS_KEPT = jax.checkpoint_policies.save_only_these_names(_KEPT)
# Of weights that are put together (`Part.whole`), whatever becomes of them before something is computed with them: all
# of it is as large as they are.
_MOVES = frozenset(
    {"linear_call", "convert_element_type", "reshape", "transpose", "squeeze", "slice", "split", "broadcast_in_dim"}
)


def kept(x: jax.Array, keep: Keep = "with its gradient") -> jax.Array:
    """Returns `x`, which takes longer to compute again than to write and to read.

    Where its gradient does, too, that is written once for the two products that need it: a compiler would let each
    compute it anew.
    """
    return checkpoint_name(x if keep == "alone" else _once(x), _KEPT)


@jax.custom_vjp
def _once(x: jax.Array) -> jax.Array:
    return x


def _forward(x: jax.Array) -> tuple[jax.Array, None]:
    return x, None


def _backward(_: None, dx: jax.Array) -> tuple[jax.Array]:
    return (lax.optimization_barrier(dx),)


_once.defvjp(_forward, _backward)


def is_computed(primitive: Primitive, *_: Any, **__: Any) -> bool:
    """A policy of `jax.checkpoint`: keeps everything but weights that were put together."""
    return primitive.name not in _MOVES
