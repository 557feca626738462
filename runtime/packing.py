"""Trees with many small arrays, packed into few large ones.

Writing an array costs Orbax about 2 ms and reading it 1 ms, however small it is, and most of a
network's arrays are gains and biases: packed, a small network's state is saved in 40 ms, not in 600.
"""

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

LARGE = 2**20  # bytes from which an array stands for itself

Packed = dict[str, Any]  # {"large": {index: array}, "small": {dtype: vector}}


def pack(tree: Any) -> Packed:
    """Returns the leaves of `tree`: large ones as they are, small ones as one host vector per dtype.

    Leaves must be whole on every process.
    """
    leaves = jax.tree.leaves(tree)
    small = {
        name: np.concatenate([np.asarray(leaves[index]).ravel() for index in indices])
        for name, indices in _small(leaves).items()
    }
    return {"large": _large(leaves), "small": small}


def outline(tree: Any) -> Packed:
    """Returns what `pack` would return, as far as shapes and dtypes go: host arrays that were never written to."""
    leaves = [np.empty(leaf.shape, leaf.dtype) for leaf in jax.tree.leaves(tree)]
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
    values: dict[int, Any] = {int(index): array for index, array in packed["large"].items()}
    for name, indices in _small(leaves).items():
        ends = np.cumsum([leaves[index].size for index in indices])
        values |= zip(indices, np.split(packed["small"][name], ends[:-1]), strict=True)
    return jax.tree.unflatten(structure, [_placed(values[index], leaf) for index, leaf in enumerate(leaves)])


def _placed(values: Any, like: Any) -> jax.Array:
    """Returns the values on devices; each process has all of them and places what is its own."""
    shaped = np.asarray(values).reshape(like.shape)
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
