"""Where the training state lies: which axis of each of its arrays is split over the devices that share a copy.

The devices along the mesh axis `SHARD` hold a part each of parameters, momentum and average, so
that memory and time of the update shrink with their number (Rajbhandari et al. 2020, ZeRO). The
parameters are put together once a step, in the dtype the network computes in; gradients are summed
in float32, each device keeping the part it updates.
"""

import math
from collections.abc import Iterator
from functools import partial
from typing import Any

import jax
from jax import lax
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from jax.typing import DTypeLike

from runtime.mesh import BATCH, DATA, SHARD
from runtime.parameters import Layout, Layouts, Parameters

# Devices hold the last two axes of an array in tiles of 8 x 128: parts that are not whole tiles
# waste memory and time, and the least on the second last axis.
_TILE = 8
_SMALL = 2**16  # elements: what is smaller is cheaper to keep whole

Places = dict[str, Any]  # nested like the parameters: `PartitionSpec`s at the leaves


def places(layouts: Layouts, parameters: Parameters, shards: int) -> Places:
    """Returns how each parameter is split over `shards` devices.

    Args:
      layouts, parameters: nested alike; of the parameters only shapes matter.
    """
    return jax.tree.map(partial(_place, shards=shards), layouts, parameters)


def state_shardings(state: Any, parameters: Parameters, places: Places, mesh: Mesh) -> Any:
    """Returns the sharding of every array of `state`; those that come in trees like the parameters, lie like them."""
    structure = jax.tree.structure(parameters)

    def is_like_parameters(node: Any) -> bool:
        return jax.tree.structure(node) == structure

    def sharding(node: Any) -> Any:
        if is_like_parameters(node):
            return jax.tree.map(partial(_sharding, mesh), node, parameters, places)
        return NamedSharding(mesh, PartitionSpec())

    return jax.tree.map(sharding, state, is_leaf=is_like_parameters)


def gathered(parameters: Parameters, places: Places, dtype: DTypeLike) -> Parameters:
    """Returns, inside `jax.shard_map`, the whole parameters in `dtype`, as each device's own."""

    def whole(part: jax.Array, place: PartitionSpec) -> jax.Array:
        part, axis = part.astype(dtype), _axis(place)
        if axis is None:
            return lax.pcast(part, BATCH, to="varying")
        return lax.pcast(lax.all_gather(part, SHARD, axis=axis, tiled=True), DATA, to="varying")

    return jax.tree.map(whole, parameters, places)


def summed(gradients: Parameters, places: Places) -> Parameters:
    """Returns, inside `jax.shard_map`, each device's part of the sum of all devices' whole gradients, in float32."""

    def part(gradient: jax.Array, place: PartitionSpec) -> jax.Array:
        gradient, axis = gradient.astype("float32"), _axis(place)
        if axis is None:
            return lax.psum(gradient, BATCH)
        return lax.psum(lax.psum_scatter(gradient, SHARD, scatter_dimension=axis, tiled=True), DATA)

    return jax.tree.map(part, gradients, places)


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


def _sharding(mesh: Mesh, array: Any, parameter: Any, place: PartitionSpec) -> NamedSharding:
    """An array of another shape than its parameter's (a factored moment, say) is whole everywhere."""
    return NamedSharding(mesh, place if array.shape == parameter.shape else PartitionSpec())
