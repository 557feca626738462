"""Stacked layers are the layers, one after another."""

import jax
import jax.numpy as jnp
from flax import nnx
from jax import lax

from runtime.models.linear import Linear
from runtime.models.stack import stack
from runtime.parameters import Layout, layouts, values

KEYS = jax.random.split(jax.random.key(0), 3)


def create(key: jax.Array) -> Linear:
    return Linear(jax.random.normal(key, (4, 4)))


def test_each_layer_is_what_its_key_makes():
    stacked = values(stack(create, KEYS))
    for index, key in enumerate(KEYS):
        assert jnp.all(stacked["kernel"][index] == values(create(key))["kernel"])


def test_the_leading_axis_is_called_layer():
    assert layouts(stack(create, KEYS)) == {
        "kernel": Layout(("layer", "in", "out"), "kernel"),
        "bias": Layout(("layer", "out"), "bias"),
    }


def test_scanning_applies_one_layer_at_a_time():
    x = jnp.ones((2, 4))
    scanned, _ = lax.scan(lambda x, linear: (linear(x), None), x, stack(create, KEYS))
    for key in KEYS:
        x = create(key)(x)
    assert jnp.allclose(scanned, x, rtol=1e-5)


def test_a_module_of_stacks_comes_apart_and_together():
    stacked = stack(create, KEYS)
    structure, _ = nnx.split(stacked)
    again = nnx.merge(structure, values(stacked))
    assert layouts(again) == layouts(stacked)
