"""Tests of packed trees."""

import jax
import jax.numpy as jnp
import numpy as np

from runtime.mesh import data_mesh, replicated
from runtime.packing import LARGE, outline, pack, unpack


def tree():
    draws = np.random.default_rng(0)
    return {
        "kernel": draws.normal(size=(LARGE // 4 + 1,)).astype(np.float32),
        "gains": [draws.normal(size=(3, 1, 2)).astype(np.float32), np.zeros((0,), np.float32)],
        "step": np.array(7, np.int32),
        "half": jnp.arange(5, dtype=jnp.bfloat16),
    }


def like(values, devices=1):
    sharding = replicated(data_mesh(jax.devices()[:devices]))
    return jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=sharding), values)


def test_unpacking_restores_every_leaf_in_its_place():
    restored = unpack(pack(tree()), like(tree(), devices=2))
    assert jax.tree.structure(restored) == jax.tree.structure(tree())
    for leaf, expected in zip(jax.tree.leaves(restored), jax.tree.leaves(tree()), strict=True):
        assert leaf.dtype == expected.dtype
        np.testing.assert_array_equal(leaf, expected)


def test_unpacked_arrays_have_the_shardings_asked_for():
    values = {name: leaf for name, leaf in tree().items() if name != "kernel"}  # large ones are placed by Orbax
    restored = unpack(pack(values), like(values, devices=4))
    assert {len(leaf.sharding.device_set) for leaf in jax.tree.leaves(restored)} == {4}


def test_small_leaves_become_one_vector_for_each_dtype_and_large_ones_stay():
    packed = pack(tree())
    assert {name: vector.shape for name, vector in packed["small"].items()} == {
        "float32": (6,),
        "int32": (1,),
        "bfloat16": (5,),
    }
    (large,) = packed["large"].values()
    assert large.nbytes >= LARGE


def test_the_outline_is_that_of_the_packed_tree():
    packed, outlined = pack(tree()), outline(like(tree()))
    assert jax.tree.structure(packed) == jax.tree.structure(outlined)
    for leaf, expected in zip(jax.tree.leaves(outlined), jax.tree.leaves(packed), strict=True):
        assert (leaf.shape, leaf.dtype) == (expected.shape, expected.dtype)
