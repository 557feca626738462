"""Parameters that are whole only while they are computed with: a device holds its part before and after.

Fully sharded data parallelism (Rajbhandari et al. 2020, ZeRO stage 3; Zhao et al. 2023, FSDP). The devices along the
mesh axis `SHARD` have a part each. All of this is for use inside `jax.shard_map`.
"""

from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import jax
from jax import lax
from jax.custom_derivatives import linear_call
from jax.tree_util import register_dataclass
from jax.typing import DTypeLike

from runtime.mesh import SHARD

T = TypeVar("T")


@register_dataclass
@dataclass(frozen=True)
class Part:
    """A device's part of a parameter, in a tree of parameters in the parameter's place."""

    array: jax.Array
    axis: int = field(metadata={"static": True})  # that is split, counted from behind: -1 is the last one
    dtype: DTypeLike = field(metadata={"static": True})  # of the whole

    def astype(self, dtype: DTypeLike) -> "Part":
        """Returns the same part of a whole in `dtype`."""
        return replace(self, dtype=dtype)

    def whole(self) -> jax.Array:
        """Returns the parameter, put together in `dtype`; its gradient is `scattered`."""
        axis = self.array.ndim + self.axis

        def put_together(_: None, part: jax.Array) -> jax.Array:
            return lax.all_gather(part.astype(self.dtype), SHARD, axis=axis, tiled=True)

        def transposed(_: None, gradient: jax.Array) -> jax.Array:
            return scattered(gradient, axis)  # JAX would sum in the dtype of the whole

        return linear_call(put_together, transposed, None, self.array)


def is_part(node: Any) -> bool:
    """Returns whether a node of a tree of parameters is a part of one."""
    return isinstance(node, Part)


def has_parts(tree: Any) -> bool:
    """Returns whether something in a tree, or a module, has still to be put together."""
    return any(map(is_part, jax.tree.leaves(tree, is_leaf=is_part)))


def whole(tree: T) -> T:
    """Returns a tree, or a module, with whole parameters in place of their parts."""
    return jax.tree.map(lambda leaf: leaf.whole() if is_part(leaf) else leaf, tree, is_leaf=is_part)


def scattered(gradient: jax.Array, axis: int) -> jax.Array:
    """Returns this device's part of the sum over `SHARD` of whole gradients, in float32."""
    return lax.psum_scatter(gradient.astype("float32"), SHARD, scatter_dimension=axis, tiled=True)
