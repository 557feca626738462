"""How a network goes through its residual blocks: one after another, in a loop, keeping more or less for the gradient.

Results do not depend on it beyond rounding.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, assert_never

import jax
from jax import lax

from runtime.models.regularization import Regularization
from runtime.models.remat import IS_KEPT, Remat, is_computed
from runtime.parts import has_parts, whole

# Takes its place in the network as its family describes it.
Block = Callable[[jax.Array, Any, Regularization | None], jax.Array]


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
                return jax.checkpoint(apply, policy=is_computed, prevent_cse=prevent_cse)(block, x, place)
            case "none":
                return apply(block, x, place)
            case "activations":
                return jax.checkpoint(apply, policy=IS_KEPT, prevent_cse=prevent_cse)(block, x, place)
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
