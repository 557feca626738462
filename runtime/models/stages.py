"""The stages of a convolutional network: blocks of one width each.

Shape suffixes: B batch, H height, W width, C channels, L layers.
"""

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import jax
from flax import nnx

from runtime.models.place import stage_name
from runtime.models.regularization import Regularization
from runtime.models.stack import stack
from runtime.models.traversal import Traversal

B = TypeVar("B", bound=nnx.Module)
Create = Callable[[jax.Array, int, int, int], B]  # key, channels in, channels out, stride


class Stage(nnx.Module, Generic[B]):
    """Blocks of one width: the first changes width or resolution, the others are of one shape and are scanned."""

    def __init__(
        self, keys_L: jax.Array, create: Create[B], inputs: int, width: int, stride: int, traversal: Traversal
    ):
        self.first = create(keys_L[0], inputs, width, stride)
        self.blocks = stack(lambda key: create(key, width, width, 1), keys_L[1:]) if len(keys_L) > 1 else None
        self.traversal = traversal

    def __call__(self, x_BxHxWxC: jax.Array, places: Any, regularization: Regularization | None) -> jax.Array:
        """Returns what the blocks make of `x` in turn; `places` has arrays [L] of what each is told of its place."""
        first, others = (jax.tree.map(lambda field, part=part: field[part], places) for part in (0, slice(1, None)))
        y_BxHxWxC = self.traversal.through(self.first, x_BxHxWxC, first, regularization)
        if self.blocks is None:
            return y_BxHxWxC
        return self.traversal.through_all(self.blocks, y_BxHxWxC, others, regularization)


def stages(
    key: jax.Array,
    create: Create[Any],
    depth: Sequence[int],
    widths: Sequence[int],
    strides: Sequence[int],
    traversal: Traversal,
) -> nnx.Dict:
    """Returns all stages of a network.

    Args:
      key: of all parameters.
      create: makes a block.
      depth, strides: blocks and stride of each stage.
      widths: channels of what the first stage gets, then of what each stage gives.
      traversal: how blocks are gone through.
    """
    found = {}
    for stage, blocks in enumerate(depth):
        keys_L = jax.random.split(jax.random.fold_in(key, stage), blocks)
        found[stage_name(stage)] = Stage(keys_L, create, widths[stage], widths[stage + 1], strides[stage], traversal)
    return nnx.Dict(found)


def through(
    stages: nnx.Dict, places: Sequence[Any], x_BxHxWxC: jax.Array, regularization: Regularization | None
) -> jax.Array:
    """Returns what all stages make of an image's features; `places` are those of each stage's blocks."""
    for stage, stage_places in enumerate(places):
        x_BxHxWxC = stages[stage_name(stage)](x_BxHxWxC, stage_places, regularization)
    return x_BxHxWxC
