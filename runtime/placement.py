"""Where the training state lies: which axis of each of its arrays is split over the devices that share a copy.

The devices along the mesh axis `SHARD` hold a part each of parameters, momentum and average, so
that memory and time of the update shrink with their number (Rajbhandari et al. 2020, ZeRO). The
parameters are put together in the dtype the network computes in: all of them once a step, or those
of stacked blocks a block at a time. Gradients are summed in float32, each device keeping the part
it updates.
"""

import math
from collections.abc import Iterator
from functools import partial
from typing import Any, Literal

import jax
from jax import lax
from jax.sharding import AbstractMesh, Mesh, NamedSharding, PartitionSpec
from jax.typing import DTypeLike

from runtime.mesh import BATCH, DATA, SHARD
from runtime.parameters import Layout, Layouts, Parameters
from runtime.parts import Part, is_part, scattered

# Devices hold the last two axes of an array in tiles of 8 x 128: parts that are not whole tiles
# waste memory and time, and the least on the second last axis.
_TILE = 8
_SMALL = 2**16  # elements: what is smaller is cheaper to keep whole

Places = dict[str, Any]  # nested like the parameters: `PartitionSpec`s at the leaves
# When weights are put together: all once a step, or those of stacked blocks while a block computes, forward and again
# backward.
Gather = Literal["step", "block"]


def places(layouts: Layouts, parameters: Parameters, shards: int) -> Places:
    """Returns how each parameter is split over `shards` devices.

    Args:
      layouts, parameters: nested alike; of the parameters only shapes matter.
    """
    return jax.tree.map(partial(_place, shards=shards), layouts, parameters)


def state_shardings(state: Any, parameters: Parameters, places: Places, mesh: Mesh | AbstractMesh) -> Any:
    """Returns the sharding of every array of `state`; those that come in trees like the parameters, lie like them."""
    structure = jax.tree.structure(parameters)

    def is_like_parameters(node: Any) -> bool:
        return jax.tree.structure(node) == structure

    def sharding(node: Any) -> Any:
        if is_like_parameters(node):
            return jax.tree.map(partial(_sharding, mesh), node, parameters, places)
        return NamedSharding(mesh, PartitionSpec())

    return jax.tree.map(sharding, state, is_leaf=is_like_parameters)


def is_gathered_by_block(layout: Layout, place: PartitionSpec) -> bool:
    """Returns whether a parameter need never be whole: it is one of stacked blocks, and split."""
    return layout.axes[:1] == ("layer",) and _axis(place) is not None


def gathered(parameters: Parameters, layouts: Layouts, places: Places, dtype: DTypeLike, gather: Gather) -> Parameters:
    """Returns, inside `jax.shard_map`, the whole parameters in `dtype`, as each device's own.

    Of those that are put together by block it returns a `Part`.
    """

    def whole(array: jax.Array, layout: Layout, place: PartitionSpec) -> jax.Array | Part:
        axis = _axis(place)
        if axis is None:
            return lax.pcast(array.astype(dtype), BATCH, to="varying")
        part = Part(lax.pcast(array, DATA, to="varying"), axis - array.ndim, dtype)
        return part if gather == "block" and is_gathered_by_block(layout, place) else part.whole()

    return jax.tree.map(whole, parameters, layouts, places)


def summed(gradients: Parameters, places: Places) -> Parameters:
    """Returns, inside `jax.shard_map`, each device's part of the sum of all devices' whole gradients, in float32.

    Gradients of a `Part` are summed over the devices that share a copy already.
    """

    def part(gradient: jax.Array | Part, place: PartitionSpec) -> jax.Array:
        if isinstance(gradient, Part):
            return lax.psum(gradient.array, DATA)
        axis = _axis(place)
        if axis is None:
            return lax.psum(gradient.astype("float32"), BATCH)
        return lax.psum(scattered(gradient, axis), DATA)

    return jax.tree.map(part, gradients, places, is_leaf=is_part)


def _place(layout: Layout, parameter: Any, shards: int) -> PartitionSpec:
    if shards == 1 or math.prod(parameter.shape) < _SMALL:
        return PartitionSpec()
    for axis in _candidates(layout):
        if parameter.shape[axis] % (shards * _TILE) == 0:
            return PartitionSpec(*(SHARD if i == axis else None for i in range(len(parameter.shape))))
    return PartitionSpec()


def _candidates(layout: Layout) -> Iterator[int]:
    """Yields the axes worth splitting, best first."""
    return (layout.axes.index(name) for name in ("in", "out") if name in layout.axes)


def _axis(place: PartitionSpec) -> int | None:
    return next((axis for axis, name in enumerate(place) if name == SHARD), None)


def _sharding(mesh: Mesh | AbstractMesh, array: Any, parameter: Any, place: PartitionSpec) -> NamedSharding:
    """An array of another shape than its parameter's (a factored moment, say) is whole everywhere."""
    return NamedSharding(mesh, place if array.shape == parameter.shape else PartitionSpec())
