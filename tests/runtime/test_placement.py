"""Tests of where the state lies, and that programs do not move more of it than planned."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import PartitionSpec

from nfdsl.schema.averages import EMA
from nfdsl.schema.hardware import Hardware
from nfdsl.schema.model import NFNet
from nfdsl.schema.optimizers import AGC
from runtime.mesh import SHARD
from runtime.parameters import Layout
from runtime.placement import places
from runtime.program import Program

KERNEL = Layout(("height", "width", "in", "out"), "kernel")


def place(layout, *shape, shards=4):
    return places({"w": layout}, {"w": jax.ShapeDtypeStruct(shape, jnp.float32)}, shards)["w"]


def test_inputs_are_split_before_outputs_and_in_whole_tiles():
    assert place(KERNEL, 3, 3, 128, 512) == PartitionSpec(None, None, SHARD, None)
    assert place(KERNEL, 3, 3, 24, 512) == PartitionSpec(None, None, None, SHARD)
    assert place(KERNEL, 3, 3, 130, 130) == PartitionSpec()
    stacked = Layout(("layer", "in", "out"), "kernel")
    assert place(stacked, 5, 128, 256) == PartitionSpec(None, SHARD, None)


def test_what_is_small_and_what_has_one_owner_is_whole():
    assert place(Layout(("out",), "gain"), 4096) == PartitionSpec()
    assert place(KERNEL, 1, 1, 64, 64) == PartitionSpec()
    assert place(KERNEL, 3, 3, 128, 512, shards=1) == PartitionSpec()


@pytest.fixture
def wide_run(small_run):
    """A run whose network has parameters large enough to be shared out."""
    recipe = replace(small_run.recipe, average=EMA(0.9), clip=AGC(0.02))
    return replace(small_run, model=NFNet(depth=(1,), width=(256,), group_width=64), recipe=recipe)


def on(run, devices, shards):
    hardware = Hardware(shards=shards)
    shared = replace(run, recipe=replace(run.recipe, hardware=hardware))
    return Program(shared, jax.devices()[:devices])


def collectives(program):
    text = program._lower_train().compile().as_text()
    return {kind: text.count(f" {kind}(") for kind in ("all-gather", "reduce-scatter", "all-to-all")}


def test_each_device_holds_a_part_of_what_is_large_and_of_all_that_goes_with_it(wide_run):
    program = on(wide_run, 4, shards=2)
    state = program.state
    whole = sum(leaf.size for leaf in jax.tree.leaves(state))
    held = sum(np.prod(leaf.sharding.shard_shape(leaf.shape)) for leaf in jax.tree.leaves(state))
    assert 0.5 * whole <= held < 0.7 * whole
    parts = (state.parameters, state.average, state.optimizer_state)
    placed = [[leaf.sharding.spec for leaf in jax.tree.leaves(tree) if leaf.ndim == 4] for tree in parts]
    assert placed[0] == placed[1] == placed[2]


def test_a_step_gathers_and_scatters_each_shared_parameter_once_and_nothing_else(wide_run):
    program = on(wide_run, 4, shards=2)
    shared = sum(leaf.sharding.spec != PartitionSpec() for leaf in jax.tree.leaves(program.state.parameters))
    assert shared > 2
    assert collectives(program) == {"all-gather": shared, "reduce-scatter": shared, "all-to-all": 0}


def test_a_step_of_whole_copies_gathers_nothing(wide_run):
    assert not any(collectives(on(wide_run, 4, shards=1)).values())
