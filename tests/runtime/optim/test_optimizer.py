"""Tests of the update rule against the same written in NumPy."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nfdsl.schema.training import AGC, SGD
from runtime.optim.hyper import hyper
from runtime.optim.optimizer import optimizer
from runtime.parameters import Layout

LAYOUTS = {
    "kernel": Layout(("in", "out"), "kernel"),
    "gain": Layout(("out",), "gain"),
    "bias": Layout(("out",), "bias"),
    "head": Layout(("in", "out"), "head"),
}
SHAPES = {"kernel": (3, 2), "gain": (2,), "bias": (2,), "head": (2, 4)}


def normal(seed):
    draws = np.random.default_rng(seed)
    return {name: np.asarray(draws.normal(size=shape), np.float32) for name, shape in SHAPES.items()}


def clipped(gradient, parameter, ratio, eps):
    axis = 0 if gradient.ndim == 2 else None
    longest = ratio * np.maximum(np.linalg.norm(parameter, axis=axis), eps)
    return gradient * np.minimum(1, longest / np.linalg.norm(gradient, axis=axis))


def reference(parameters, gradients_of_steps, recipe, rates):
    """The update rule as the module's docstring has it."""
    momentum, rule = dict.fromkeys(parameters, 0.0), recipe.optimizer
    for gradients, rate in zip(gradients_of_steps, rates, strict=True):
        for name, gradient in gradients.items():
            if recipe.clip is not None and name != "head":
                gradient = clipped(gradient, parameters[name], recipe.clip.ratio, recipe.clip.eps)
            if name in ("kernel", "head"):
                gradient = gradient + rule.weight_decay * parameters[name]
            momentum[name] = rule.momentum * momentum[name] + gradient
            direction = gradient + rule.momentum * momentum[name] if rule.nesterov else momentum[name]
            parameters = parameters | {name: parameters[name] - rate * direction}
    return parameters


def trained(run, parameters, gradients_of_steps):
    numbers = hyper(run)
    state = optimizer(run.recipe, LAYOUTS, numbers, step=0).init(parameters)
    for step, gradients in enumerate(gradients_of_steps):
        updates, state = optimizer(run.recipe, LAYOUTS, numbers, step).update(gradients, state, parameters)
        parameters = jax.tree.map(jnp.add, parameters, updates)
    return parameters


@pytest.mark.parametrize("nesterov", [True, False])
@pytest.mark.parametrize("clip", [None, AGC(0.05)])
def test_steps_equal_the_reference(run, nesterov, clip):
    recipe = replace(run.recipe, optimizer=SGD(0.9, nesterov, 0.3), clip=clip)
    run = replace(run, recipe=recipe, length=replace(run.length, steps=4, warmup_steps=2))
    rates = [0.0, 0.05, 0.1, 0.05]
    gradients = [normal(seed) for seed in range(1, 5)]
    expected = reference(normal(0), gradients, recipe, rates)
    actual = trained(run, normal(0), gradients)
    for name in SHAPES:
        np.testing.assert_allclose(actual[name], expected[name], rtol=2e-5, err_msg=name)


def test_decay_is_added_after_clipping_so_it_is_not_clipped(run):
    run = replace(run, recipe=replace(run.recipe, optimizer=SGD(0.0, False, 10.0), clip=AGC(1e-6)))
    parameters = normal(0)
    updates = trained(run, parameters, [normal(1)])
    np.testing.assert_allclose(updates["kernel"], parameters["kernel"] * (1 - 0.1 * 10.0), atol=1e-6)
    np.testing.assert_allclose(updates["gain"], parameters["gain"], atol=1e-6)


def test_momentum_is_the_only_state(run):
    state = optimizer(replace(run.recipe, clip=AGC()), LAYOUTS, hyper(run), step=0).init(normal(0))
    assert [leaf.shape for leaf in jax.tree.leaves(state)] == [leaf.shape for leaf in jax.tree.leaves(normal(0))]


def test_one_program_serves_all_numbers(run):
    traces = []

    @jax.jit
    def update(numbers, step, gradients, state, parameters):
        traces.append(step)
        return optimizer(run.recipe, LAYOUTS, numbers, step).update(gradients, state, parameters)

    state = optimizer(run.recipe, LAYOUTS, hyper(run), step=0).init(normal(0))
    slow, _ = update(hyper(run), 0, normal(1), state, normal(0))
    fast, _ = update(hyper(replace(run, lr=0.2)), 0, normal(1), state, normal(0))
    np.testing.assert_allclose(fast["kernel"], 2 * slow["kernel"], rtol=1e-6)
    assert len(traces) == 1
