"""Tests of Adafactor against its equations written in NumPy, and against optax's parts on single layers."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from nfdsl.schema.optimizers import Adafactor
from runtime.optim.adafactor import adafactor
from runtime.parameters import Layout

LAYOUTS = {
    "wide": Layout(("in", "out"), "kernel"),
    "narrow": Layout(("in", "out"), "kernel"),
    "gain": Layout(("out",), "gain"),
    "stacked": Layout(("layer", "in", "out"), "kernel"),
    "stacked_gain": Layout(("layer", "out"), "gain"),
}
SHAPES = {"wide": (32, 40), "narrow": (31, 40), "gain": (40,), "stacked": (33, 32, 40), "stacked_gain": (33, 40)}


def normal(seed):
    draws = np.random.default_rng(seed)
    return {name: np.asarray(draws.normal(size=shape), np.float32) for name, shape in SHAPES.items()}


def updates(rule, steps=4):
    """Yields what each step's gradient becomes."""
    transformation = adafactor(rule, LAYOUTS)
    parameters = normal(0)
    state = transformation.init(parameters)
    for step in range(steps):
        update, state = transformation.update(normal(step + 1), state, parameters)
        yield update


def factored(moments):
    """The outer product that has the row and column means of `moments` (Shazeer and Stern 2018, algorithm 4)."""
    rows, columns = moments.mean(axis=1), moments.mean(axis=0)
    return np.outer(rows, columns) / rows.mean()


def reference(name, rule, steps=4):
    moment, momentum = 0.0, 0.0
    for t in range(1, steps + 1):
        gradient = normal(t)[name].astype(np.float64)
        beta2 = min(rule.beta2_cap, 1 - t**-rule.decay_exponent)
        moment = beta2 * moment + (1 - beta2) * gradient**2
        whole = factored(moment) if name == "wide" else moment
        momentum = rule.momentum * momentum + (1 - rule.momentum) * gradient / np.sqrt(whole)
        yield momentum


@pytest.mark.parametrize("name", ["wide", "narrow", "gain"])
@pytest.mark.parametrize("rule", [Adafactor(), Adafactor(momentum=0.5, decay_exponent=0.5, beta2_cap=0.4)])
def test_updates_equal_the_equations(name, rule):
    """But for the momentum's rounding to bfloat16 between steps."""
    for actual, expected in zip(updates(rule), reference(name, rule), strict=True):
        np.testing.assert_allclose(actual[name], expected, rtol=1e-2, atol=4e-3)


def test_the_first_update_has_no_rounding_in_it():
    rule = Adafactor()
    np.testing.assert_allclose(next(updates(rule))["wide"], next(reference("wide", rule)), rtol=1e-5)


def test_each_layer_of_a_stack_is_updated_as_if_alone():
    """Both axes of `stacked_gain` are long enough to be factored, but one of them counts layers."""
    stacked, alone = adafactor(Adafactor(), LAYOUTS), {"stacked": LAYOUTS["wide"], "stacked_gain": LAYOUTS["gain"]}
    single = adafactor(Adafactor(), alone)
    parameters, layer = normal(0), 5
    of_layer = [{name: normal(seed)[name][layer] for name in alone} for seed in range(3)]
    whole_state, layer_state = stacked.init(parameters), single.init(of_layer[0])
    for seed in (1, 2):
        whole, whole_state = stacked.update(normal(seed), whole_state, parameters)
        expected, layer_state = single.update(of_layer[seed], layer_state, of_layer[0])
    for name in alone:
        np.testing.assert_allclose(whole[name][layer], expected[name], rtol=1e-5, atol=1e-6)


def test_large_matrices_take_little_memory_and_the_momentum_half_of_it():
    moments, momentum = adafactor(Adafactor(), {"wide": LAYOUTS["wide"]}).init({"wide": jnp.ones((64, 128))})
    assert sum(leaf.size for leaf in jax.tree.leaves(moments)) < 200
    assert [leaf.dtype for leaf in jax.tree.leaves(momentum.ema)] == [jnp.bfloat16]


def test_without_a_cap_it_is_optaxs_own():
    """optax's default decay has no cap; without momentum nothing else differs."""
    rule = Adafactor(momentum=0.0, beta2_cap=1.0)
    own = optax.scale_by_factored_rms(decay_rate=0.8, min_dim_size_to_factor=32)
    state = own.init(normal(0))
    for step, actual in enumerate(updates(rule)):
        expected, state = own.update(normal(step + 1), state, normal(0))
        for name in ("wide", "narrow", "gain"):
            np.testing.assert_allclose(actual[name], expected[name], rtol=1e-5)


def test_a_zero_gradient_changes_nothing():
    transformation = adafactor(Adafactor(), LAYOUTS)
    zeros = jax.tree.map(np.zeros_like, normal(0))
    update, _ = transformation.update(zeros, transformation.init(normal(0)), normal(0))
    assert not any(np.any(leaf) for leaf in jax.tree.leaves(update))
