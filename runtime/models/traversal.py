"""How a network goes through its residual blocks: one after another, in a loop, keeping more or less for the gradient.

Results do not depend on it beyond rounding.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, assert_never

import jax
from jax import lax
from jax.ad_checkpoint import checkpoint_name
from jax.extend.core import Primitive

from runtime.models.regularization import Regularization
from runtime.parts import has_parts, whole

# What the backward pass computes again rather than keeps in memory (Chen et al. 2016): "none" keeps
# everything, "activations" what the blocks say is worth it (`kept`), "blocks" the inputs of residual
# blocks alone.
Remat = Literal["none", "activations", "blocks"]
Keep = Literal["alone", "with its gradient"]
_KEPT = "kept"
_POLICY = jax.checkpoint_policies.save_only_these_names(_KEPT)
# Of weights that are put together (`Part.whole`), whatever becomes of them before something is computed with them: all
# of it is as large as they are.
_MOVES = frozenset(
    {"linear_call", "convert_element_type", "reshape", "transpose", "squeeze", "slice", "split", "broadcast_in_dim"}
)

# Takes its place in the network as its family describes it.
Block = Callable[[jax.Array, Any, Regularization | None], jax.Array]


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


def _is_computed(primitive: Primitive, *_: Any, **__: Any) -> bool:
    return primitive.name not in _MOVES


@dataclass(frozen=True)
class Traversal:
    """Goes through blocks: calls of ``block(x, place, regularization)``."""

    remat: Remat = "none"
    unroll: bool = False  # whether blocks of one shape are written out in the program, which then grows with depth

    def through(
        self, block: Block, x: jax.Array, place: Any, regularization: Regularization | None, *, prevent_cse: bool = True
    ) -> jax.Array:
        """Returns what one block makes of `x`; `prevent_cse` as in `jax.checkpoint`."""

        def apply(block: Block, x: jax.Array, place: Any) -> jax.Array:
            return whole(block)(x, place, regularization)

        match self.remat:
            case "none" if has_parts(block):
                return jax.checkpoint(apply, policy=_is_computed, prevent_cse=prevent_cse)(block, x, place)
            case "none":
                return apply(block, x, place)
            case "activations":
                return jax.checkpoint(apply, policy=_POLICY, prevent_cse=prevent_cse)(block, x, place)
            case "blocks":
                return jax.checkpoint(apply, prevent_cse=prevent_cse)(block, x, place)
            case _:
                assert_never(self.remat)

    def through_all(self, blocks: Block, x: jax.Array, places: Any, regularization: Regularization | None) -> jax.Array:
        """Returns what several blocks of one shape, stacked (see `runtime.models.stack`), make of `x` in turn."""

        def layer(x: jax.Array, block_and_place: tuple[Block, Any]) -> tuple[jax.Array, None]:
            block, place = block_and_place
            # Forward and backward loop have nothing in common that a compiler could keep rather than compute again;
            # without barriers it reads of a stack what it needs where it needs it.
            return self.through(block, x, place, regularization, prevent_cse=self.unroll), None

        return lax.scan(layer, x, (blocks, places), unroll=self.unroll)[0]
