"""Tests of what is chosen where a hardware block leaves it to `auto`."""

from dataclasses import replace

import jax.numpy as jnp
import pytest

from nfdsl.schema.hardware import Auto, Hardware
from nfdsl.schema.model import NFNet
from nfdsl.schema.training import Resolution
from runtime.choices import choose

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


def test_what_is_said_is_done(chosen):
    choice = chosen(8, shards=4, remat="blocks")
    assert (choice.shards, choice.remat, choice.why) == (4, "blocks", "")


def test_a_machine_of_unknown_memory_keeps_everything_whole(run):
    for hardware in (Hardware(), Hardware(shards=Auto(), remat="auto")):
        choice = choose(replace(run, recipe=replace(run.recipe, hardware=hardware)), 8, "split", jnp.float32)
        assert (choice.shards, choice.remat) == (1, "none")
