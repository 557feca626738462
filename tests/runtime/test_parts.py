"""Tests of training with weights that are put together one block at a time."""

from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.sharding import PartitionSpec

from nfdsl.schema.averages import EMA
from nfdsl.schema.bit import BiT
from nfdsl.schema.hardware import Hardware
from nfdsl.schema.model import NFNet
from nfdsl.schema.objectives import MaskedPatches
from nfdsl.schema.optimizers import AdamW
from nfdsl.schema.training import SAM, Resolution
from nfdsl.schema.vit import ViT
from runtime.aot.hlo import parse
from runtime.data.batches import Batch
from runtime.mesh import SHARD, data_mesh
from runtime.parts import Part, has_parts, whole
from runtime.program import Program

VIT = ViT(depth=3, width=128, mlp=256, heads=2, patch=4, pool="map")
NFNET = NFNet(depth=(3,), width=(256,), group_width=64)
QUICK = {"xla_backend_optimization_level": 0}  # to compile


def split_over_four(function):
    mesh = data_mesh(jax.devices()[:4], 4)
    return jax.shard_map(function, mesh=mesh, in_specs=PartitionSpec(SHARD), out_specs=PartitionSpec(SHARD))


def test_a_part_is_put_together_in_the_dtype_of_the_whole():
    def put_together(part):
        tree = {"w": Part(part, -2, jnp.float32).astype(jnp.bfloat16), "b": part}
        assert has_parts(tree)
        assert not has_parts(whole(tree))
        return whole(tree)["w"]

    array = jnp.arange(16.0).reshape(8, 2)
    found = split_over_four(put_together)(array)
    assert found.dtype == jnp.bfloat16
    np.testing.assert_array_equal(found.reshape(4, 8, 2), np.broadcast_to(array, (4, 8, 2)))


def test_gradients_of_parts_are_summed_in_float32():
    """In bfloat16, 1 + 1/256 would be 1."""

    def gradient(part):
        scale = jnp.where(lax.axis_index(SHARD) == 0, 1.0, 1 / 256).astype(jnp.bfloat16)
        return jax.grad(lambda part: jnp.sum(scale * Part(part, -2, jnp.bfloat16).whole()).astype("float32"))(part)

    found = split_over_four(gradient)(jnp.ones((8, 2)))
    assert found.dtype == jnp.float32
    np.testing.assert_array_equal(found, 1 + 3 / 256)


def program(run, shards, gather, remat="auto"):
    """The run on four devices, so many of which share a copy of the state."""
    hardware = Hardware(shards=shards, gather=gather, remat=remat)
    recipe = replace(run.recipe, hardware=hardware, resolution=Resolution(8, 8))
    return Program(replace(run, recipe=recipe), jax.devices()[:4])


def batches(count, size):
    draws = np.random.default_rng(0)
    for _ in range(count):
        images, numbers = draws.integers(0, 256, (size, 8, 8, 3), np.uint8), np.arange(size)
        labels = draws.integers(0, 3, size, np.int32)
        yield Batch(images, labels, np.ones(size, np.float32), numbers, numbers.astype(np.int32))


def steps(run, program, begun):
    """Returns the losses of three steps from a state, and the parameters after them."""
    step, state, losses = program._lower_train().compile(QUICK), jax.device_put(begun, program._shardings), []
    for batch in batches(3, program._recipe.batch):
        state, metrics = step(state, program.hyper(run), *program.inputs(batch))
        losses.append(float(metrics.loss))
    return losses, jax.device_get(state.parameters)


def begun(run, program):
    return jax.device_get(program._lower_initialize(None).compile(QUICK)(program.hyper(run), None))


def assert_same(found, expected):
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-4)
    jax.tree.map(partial(np.testing.assert_allclose, rtol=1e-3, atol=1e-5), found[1], expected[1])


@pytest.mark.slow
@pytest.mark.parametrize("model", [VIT, NFNET], ids=["vit", "nfnet"])
def test_when_weights_are_put_together_does_not_change_a_run(run, model):
    run = replace(run, model=model)
    one = program(run, 1, "step")
    start = begun(run, one)
    expected = steps(run, one, start)
    assert_same(steps(run, program(run, 4, "step"), start), expected)
    for remat in ("none", "activations", "blocks"):
        assert_same(steps(run, program(run, 4, "block", remat), start), expected)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "changes"),
    [
        (VIT, {"freeze": "body"}),
        (VIT, {"objective": MaskedPatches()}),
        (VIT, {"optimizer": AdamW(), "average": EMA(0.9), "dropout": 0.2, "stochastic_depth": 0.2}),
        (BiT(depth=(3,), width=(128,)), {}),
    ],
    ids=["frozen", "masked", "adam", "bit"],
)
def test_whatever_is_learnt_with_weights_put_together_by_block(run, model, changes):
    run = replace(run, model=model, recipe=replace(run.recipe, **changes))
    once, by_block = (program(run, 2, gather) for gather in ("step", "block"))
    start = begun(run, once)
    assert_same(steps(run, by_block, start), steps(run, once, start))


STACKS = ("f32[3,128,256]", "f32[3,256,128]")  # what is large enough to be split


def text(run, gather, remat):
    return program(replace(run, model=VIT), 4, gather, remat)._lower_train().compile(QUICK).as_text()


@pytest.mark.parametrize("remat", ["none", "activations", "blocks"])
def test_no_device_ever_has_all_blocks_whole(run, remat):
    """They are gathered in the loops of forward and backward pass, and their gradients scattered in the latter."""
    found = text(run, "block", remat)
    assert not any(stack in found for stack in STACKS)
    module = parse(found)
    opcodes = [one.opcode for part in module.computations.values() for one in part]
    assert (opcodes.count("all-gather"), opcodes.count("reduce-scatter")) == (2 * len(STACKS), len(STACKS))
    assert not {"all-gather", "reduce-scatter"} & {one.opcode for one in module.computations[module.entry]}


def test_once_a_step_all_blocks_are_put_together(run):
    assert all(stack in text(run, "step", "blocks") for stack in STACKS)


def test_sharpness_aware_minimisation_needs_whole_gradients(run):
    with pytest.raises(ValueError, match="`sam` ascends along whole gradients, which `gather block` never has"):
        program(replace(run, recipe=replace(run.recipe, sam=SAM(0.05))), 4, "block")
