"""Trees with many small arrays, packed into few large ones.

Writing an array costs Orbax about 2 ms and reading it 1 ms, however small it is, and most of a
network's arrays are gains and biases: packed, a small network's state is saved in 40 ms, not in 600.
"""

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from jax.sharding import NamedSharding, PartitionSpec
from numpy.typing import NDArray

LARGE = 2**20  # bytes from which an array stands for itself, and is written and read in parts

Packed = dict[str, Any]  # {"large": {index: array}, "small": {dtype: vector}}


def pack(tree: Any) -> Packed:
    """Returns the leaves of `tree`: large ones as they are, small ones as one host vector per dtype.

    Of large ones each process need have no more than its own parts.
    """
    leaves = jax.tree.leaves(tree)
    small = {
        name: np.concatenate([_on_host(leaves[index]).ravel() for index in indices])
        for name, indices in _small(leaves).items()
    }
    return {"large": _large(leaves), "small": small}


def outline(tree: Any) -> Packed:
    """Returns what `pack` would return, as far as shapes, dtypes and shardings go."""
    leaves = jax.tree.leaves(tree)
    small = {
        name: np.empty(sum(leaves[index].size for index in indices), name) for name, indices in _small(leaves).items()
    }
    return {"large": _large(leaves), "small": small}


def unpack(packed: Packed, like: Any) -> Any:
    """Returns the tree that was packed, on devices.

    Args:
      packed: what `pack` returned for a tree of the structure and shapes of `like`.
      like: `jax.ShapeDtypeStruct`s with the shardings the arrays shall have.
    """
    leaves, structure = jax.tree.flatten(like)
    arrays: dict[int, jax.Array] = {int(index): array for index, array in packed["large"].items()}
    for name, indices in _small(leaves).items():
        ends = np.cumsum([leaves[index].size for index in indices])
        for index, values in zip(indices, np.split(packed["small"][name], ends[:-1]), strict=True):
            arrays[index] = _placed(values, leaves[index])
    return jax.tree.unflatten(structure, [arrays[index] for index in range(len(leaves))])


def _on_host(leaf: Any) -> NDArray[Any]:
    """Returns all of an array, on every process."""
    if isinstance(leaf, jax.Array) and not (leaf.is_fully_addressable or leaf.is_fully_replicated):
        assert isinstance(leaf.sharding, NamedSharding)
        leaf = jax.device_put(leaf, NamedSharding(leaf.sharding.mesh, PartitionSpec()))
    return np.asarray(leaf)


def _placed(values: NDArray[Any], like: Any) -> jax.Array:
    """Returns the values on devices; each process has all of them and places what is its own."""
    shaped = values.reshape(like.shape)
    return jax.make_array_from_callback(like.shape, like.sharding, lambda part: shaped[part])


def _large(leaves: Sequence[Any]) -> dict[str, Any]:
    return {str(index): leaf for index, leaf in enumerate(leaves) if _bytes(leaf) >= LARGE}


def _small(leaves: Sequence[Any]) -> dict[str, list[int]]:
    """Returns the indices of the small leaves of each dtype."""
    indices: dict[str, list[int]] = {}
    for index, leaf in enumerate(leaves):
        if _bytes(leaf) < LARGE:
            indices.setdefault(np.dtype(leaf.dtype).name, []).append(index)
    return indices


def _bytes(leaf: Any) -> int:
    return leaf.size * leaf.dtype.itemsize
