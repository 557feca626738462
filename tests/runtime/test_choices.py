"""Tests of what is chosen where a hardware block leaves it to `auto`."""

from dataclasses import replace

import jax.numpy as jnp
import pytest

from nfdsl.schema.hardware import Auto, Hardware
from nfdsl.schema.model import NFNet
from nfdsl.schema.training import SAM, Resolution
from nfdsl.schema.vit import ViT
from runtime.choices import Choice, choose, remedy, training_dtype
from runtime.mesh import data_mesh

F3 = NFNet(depth=(4, 8, 24, 12), width=(256, 512, 1536, 1536))


@pytest.fixture
def chosen(run):
    """Returns the choice for F3 at 224 px, by the images each of 128 chips takes, and what is said of the hardware."""

    def chosen(images, **hardware):
        recipe = replace(
            run.recipe, batch=images * 128, resolution=Resolution(224, 224), hardware=Hardware("tpu_v4", **hardware)
        )
        return choose(replace(run, model=F3, recipe=recipe), 128, "native", jnp.bfloat16)

    return chosen


def test_as_much_is_computed_twice_as_memory_asks_for(chosen):
    choices = [chosen(images) for images in (8, 256, 512, 4096)]
    assert [choice.remat for choice in choices] == ["activations", "activations", "blocks", "blocks"]
    assert choices[0].why.startswith("about ")
    assert choices[-1].why == "more than the 30.75 GiB"


def test_chips_share_a_copy_in_groups_that_divide_them(chosen, run):
    assert chosen(8).shards == 16
    recipe = replace(run.recipe, hardware=Hardware("tpu_v4"))
    assert choose(replace(run, recipe=recipe), 12, "native", jnp.bfloat16).shards == 12
    assert choose(replace(run, recipe=recipe), 34, "native", jnp.bfloat16).shards == 2


def test_weights_are_put_together_by_block_on_tpus_where_nothing_needs_them_whole(chosen, run):
    assert chosen(8).gather == "block"
    assert chosen(8, shards=1).gather == "step"
    recipe = replace(run.recipe, hardware=Hardware("h100"))
    assert choose(replace(run, recipe=recipe), 8, "native", jnp.bfloat16).gather == "step"


@pytest.fixture
def large(run):
    """Returns a run of 5.7 x 10^9 parameters on 128 chips, whose weights and gradients are 32 GiB."""

    def large(**changes):
        stated = {"batch": 1024, "resolution": Resolution(224, 224), "hardware": Hardware("tpu_v4", (4, 4, 8))}
        recipe = replace(run.recipe, **{**stated, **changes})
        return replace(run, model=ViT(depth=50, width=3072, mlp=12288, heads=24, patch=14), recipe=recipe)

    return large


def test_weights_that_do_not_fit_are_put_together_by_block(large):
    choice = choose(large(), 128, "native", jnp.bfloat16)
    assert (choice.shards, choice.gather, choice.remat) == (16, "block", "activations")


def test_sharpness_aware_minimisation_has_whole_gradients(large):
    choice = choose(large(sam=SAM(0.05)), 128, "native", jnp.bfloat16)
    assert (choice.gather, choice.why) == ("step", "more than the 30.75 GiB")
    with pytest.raises(ValueError, match="`gather block` never has"):
        choose(large(sam=SAM(0.05), hardware=Hardware(gather="block")), 128, "native", jnp.bfloat16)


def test_more_chips_than_usual_share_a_state_that_is_too_large(large):
    wider = replace(large(), model=ViT(depth=100, width=6144, mlp=24576, heads=48, patch=14))
    choice = choose(wider, 128, "native", jnp.bfloat16)
    assert (choice.shards, choice.gather) == (32, "block")


def test_what_would_make_a_program_fit(large):
    run = large(hardware=Hardware("tpu_v4", (4, 4, 8), gather="step"))
    tried = choose(run, 128, "native", jnp.bfloat16)
    assert tried.why.startswith("more than")
    said = remedy(run, 128, "native", jnp.bfloat16, tried)
    assert said.startswith("`shards 16`, `gather block` and `remat activations` on 128 devices would need about ")
    at_once, ascending = (large(**changes) for changes in ({"batch": 128 * 512}, {"sam": SAM(0.05)}))
    assert "on 256 devices" in remedy(at_once, 128, "native", jnp.bfloat16, tried)
    assert remedy(ascending, 128, "native", jnp.bfloat16, tried).startswith("no slice that a batch of 1024 images")


def test_what_is_said_is_done(chosen):
    assert chosen(8, shards=4, gather="block", remat="blocks") == Choice(4, "block", "blocks", "")


def test_a_machine_of_unknown_memory_keeps_everything_whole(run):
    for hardware in (Hardware(), Hardware(shards=Auto(), remat="auto")):
        choice = choose(replace(run, recipe=replace(run.recipe, hardware=hardware)), 8, "split", jnp.float32)
        assert (choice.shards, choice.gather, choice.remat) == (1, "step", "none")


def test_groups_that_the_devices_do_not_make_are_left_for_the_mesh_to_refuse(large):
    run = large(hardware=Hardware("tpu_v4", (4, 4, 8), shards=256))
    with pytest.raises(ValueError, match="128 devices do not make groups of 256"):
        data_mesh(range(128), choose(run, 128, "native", jnp.bfloat16).shards)


@pytest.mark.parametrize(
    ("precision", "platform", "dtype"),
    [
        ("auto", "cpu", "float32"),
        ("auto", "gpu", "bfloat16"),
        ("auto", "tpu", "bfloat16"),
        ("float32", "tpu", "float32"),
        ("bfloat16", "cpu", "bfloat16"),
    ],
)
def test_networks_compute_in_half_precision_where_that_is_quick(precision, platform, dtype):
    assert training_dtype(Hardware(precision=precision), platform) == dtype
