"""Tests of which layers learn and how fast."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nfdsl.schema.model import NFNet
from nfdsl.schema.optimizers import SGD, Adafactor, Adam, AdamW
from runtime.models.network import build
from runtime.optim.hyper import hyper
from runtime.optim.layers import frozen, scale_by_depth
from runtime.optim.optimizer import optimizer
from runtime.parameters import Layout, in_classifier

LAYOUTS = {
    "stem": {"kernel": Layout(("in", "out"), "kernel", 0), "bias": Layout(("out",), "bias", 0)},
    "blocks": {"kernel": Layout(("layer", "in", "out"), "kernel", 1), "gain": Layout(("layer",), "gain", 1)},
    "classifier": {"kernel": Layout(("in", "out"), "head", 4), "bias": Layout(("out",), "bias", 4)},
}
PARAMETERS = {
    "stem": {"kernel": jnp.ones((2, 2)), "bias": jnp.ones(2)},
    "blocks": {"kernel": jnp.ones((3, 2, 2)), "gain": jnp.ones(3)},
    "classifier": {"kernel": jnp.ones((2, 5)), "bias": jnp.ones(5)},
}


def scaled(decay):
    transformation = scale_by_depth(LAYOUTS, decay)
    return transformation.update(PARAMETERS, transformation.init(PARAMETERS), PARAMETERS)[0]


def test_each_layer_learns_slower_than_the_one_above_it():
    updates = scaled(0.5)
    np.testing.assert_allclose(updates["stem"]["kernel"], np.full((2, 2), 1 / 16))
    np.testing.assert_allclose(updates["blocks"]["gain"], [1 / 8, 1 / 4, 1 / 2])
    np.testing.assert_allclose(updates["blocks"]["kernel"][:, 1, 1], [1 / 8, 1 / 4, 1 / 2])
    np.testing.assert_allclose(updates["classifier"]["bias"], np.ones(5))


def test_the_update_of_a_run_is_scaled_by_its_layer_decay(run):
    run = replace(run, recipe=replace(run.recipe, optimizer=SGD(0.0, weight_decay=0.0), layer_decay=0.5))
    update = optimizer(LAYOUTS, hyper(run), step=0)
    updates, _ = update.update(PARAMETERS, update.init(PARAMETERS), PARAMETERS)
    jax.tree.map(lambda one, other: np.testing.assert_allclose(one, -0.1 * other, rtol=1e-6), updates, scaled(0.5))


def test_without_decay_nothing_changes():
    jax.tree.map(np.testing.assert_array_equal, scaled(1.0), PARAMETERS)


@pytest.mark.parametrize(
    ("freeze", "kept"),
    [
        ("nothing", []),
        ("body", ["stem.kernel", "stem.bias", "blocks.kernel", "blocks.gain"]),
        ("kernels", ["stem.kernel", "blocks.kernel"]),
    ],
)
def test_what_is_frozen(freeze, kept):
    flags = frozen(LAYOUTS, freeze)
    assert [f"{module}.{name}" for module in LAYOUTS for name in LAYOUTS[module] if flags[module][name]] == kept


@pytest.mark.parametrize("rule", [SGD(weight_decay=0.1), AdamW(weight_decay=0.1)])
def test_what_is_frozen_neither_learns_nor_decays(run, rule):
    run = replace(run, recipe=replace(run.recipe, optimizer=rule, freeze="body"))
    update = optimizer(LAYOUTS, hyper(run), step=0)
    updates, _ = update.update(PARAMETERS, update.init(PARAMETERS), PARAMETERS)
    moved = jax.tree.map(lambda leaf: bool(np.any(leaf)), updates)
    assert moved == in_classifier(LAYOUTS)


RULES = [SGD(weight_decay=0.1), Adam(weight_decay=0.1), AdamW(weight_decay=0.1), Adafactor(weight_decay=0.1)]


def steps(run, rule, freeze):
    """Returns the updates of three steps on what is drawn, and the state after them."""
    run = replace(run, recipe=replace(run.recipe, optimizer=rule, freeze=freeze))
    draws, updates = np.random.default_rng(0), []
    state = optimizer(LAYOUTS, hyper(run), step=0).init(PARAMETERS)
    for step in range(3):
        gradients = jax.tree.map(lambda leaf: jnp.asarray(draws.normal(size=leaf.shape), jnp.float32), PARAMETERS)
        made, state = optimizer(LAYOUTS, hyper(run), step=step).update(gradients, state, PARAMETERS)
        updates.append(made)
    return updates, state


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.word)
def test_of_what_is_frozen_no_state_is_kept_and_the_rest_learns_as_ever(run, rule):
    run = replace(run, recipe=replace(run.recipe, clip=None))
    (free, _), (held, state) = steps(run, rule, "nothing"), steps(run, rule, "body")
    for one, other in zip(free, held, strict=True):
        jax.tree.map(np.testing.assert_array_equal, one["classifier"], other["classifier"])
    shapes = {leaf.shape for leaf in jax.tree.leaves(state)}
    assert {(2, 5), (5,)} <= shapes
    assert not shapes & {(2, 2), (2,), (3, 2, 2)}
    assert jax.tree.map(jnp.shape, held[0]) == jax.tree.map(jnp.shape, PARAMETERS)
    assert not any(np.any(leaf) for made in held for leaf in jax.tree.leaves((made["stem"], made["blocks"])))


def test_depths_of_a_network_count_its_blocks():
    network = build(NFNet(depth=(1, 3), width=(8, 8), group_width=4), 3, 8, grouped="split")
    layouts = network.layouts
    assert {layout.depth for layout in jax.tree.leaves(layouts["stem"])} == {0}
    stages = layouts["stages"]
    assert [stages[name]["first"]["skip_gain"].depth for name in ("stage1", "stage2")] == [1, 2]
    assert stages["stage2"]["blocks"]["skip_gain"].depth == 3  # and 4
    assert {layout.depth for part in ("final_conv", "classifier") for layout in jax.tree.leaves(layouts[part])} == {5}
