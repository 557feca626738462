"""Tests of the memory that steps are counted to need."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import pytest

from nfdsl.schema.averages import EMA
from nfdsl.schema.hardware import Hardware
from nfdsl.schema.optimizers import Adafactor, AdamW
from nfdsl.schema.vit import ViT
from runtime.needs import Needs
from runtime.program import Program

VIT = ViT(depth=5, width=256, mlp=512, heads=4, patch=2)
BLOCK = 4 * 256 * 256 + 2 * 256 * 512  # numbers of its kernels, which are split; biases and gains are not


@pytest.fixture
def needs(run):
    """Returns the needs of a vision transformer on eight devices."""

    def needs(**changes):
        return Needs(replace(run, model=VIT, recipe=replace(run.recipe, **changes)), 8, "split", jnp.float32)

    return needs


@pytest.mark.parametrize("changes", [{}, {"optimizer": AdamW(), "average": EMA(0.9)}, {"optimizer": Adafactor()}])
@pytest.mark.parametrize("shards", [1, 4])
def test_the_state_is_counted_to_the_byte(run, needs, shards, changes):
    run = replace(run, model=VIT, recipe=replace(run.recipe, hardware=Hardware(shards=shards), **changes))
    leaves = jax.tree.leaves(Program(run, jax.devices()).state)
    held = [jax.ShapeDtypeStruct(leaf.sharding.shard_shape(leaf.shape), leaf.dtype) for leaf in leaves]
    assert needs(**changes).of(shards, "step", "none").state == sum(one.size * one.dtype.itemsize for one in held)


def test_by_block_one_block_is_whole_and_of_the_others_gradients_there_are_parts(needs):
    found = needs()
    whole, by_block = (found.of(4, gather, "none").weights for gather in ("step", "block"))
    assert whole == found.of(1, "step", "none").weights
    assert whole - by_block == (4 + 4) * 4 * BLOCK - 4 * 5 * BLOCK // 4


def test_more_is_kept_of_more_images_and_less_of_what_is_computed_again(needs):
    few, many = (needs(batch=batch).of(1, "step", "none").activations for batch in (8, 32))
    assert many > 3 * few
    kept = [needs().of(1, "step", remat).activations for remat in ("none", "activations", "blocks")]
    assert kept == sorted(kept, reverse=True)
    assert len(set(kept)) == 3
