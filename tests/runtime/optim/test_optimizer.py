"""Tests of the update rule against the same written in NumPy."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from nfdsl.schema.optimizers import AGC, SGD, Adafactor, Adam, AdamW, GlobalNorm
from nfdsl.schema.schedules import Constant
from runtime.optim.adafactor import adafactor
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
    state = optimizer(LAYOUTS, numbers, step=0).init(parameters)
    for step, gradients in enumerate(gradients_of_steps):
        updates, state = optimizer(LAYOUTS, numbers, step).update(gradients, state, parameters)
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


def varied(run, **changes):
    return replace(run, recipe=replace(run.recipe, **changes))


OPTAXS = {
    Adam(): lambda mask: optax.adam(0.1),
    Adam(0.8, 0.9, 1e-3, 0.3): lambda mask: optax.chain(
        optax.add_decayed_weights(0.3, mask), optax.adam(0.1, 0.8, 0.9, 1e-3)
    ),
    AdamW(0.8, 0.9, 1e-3, 0.3): lambda mask: optax.adamw(0.1, 0.8, 0.9, 1e-3, weight_decay=0.3, mask=mask),
    SGD(0.9, False): lambda mask: optax.sgd(0.1, 0.9),
}


@pytest.mark.parametrize("clip", [None, GlobalNorm(0.5)])
@pytest.mark.parametrize("rule", OPTAXS, ids=repr)
def test_steps_equal_optaxs_own_rules(run, rule, clip):
    mask = {name: layout.role in ("kernel", "head") for name, layout in LAYOUTS.items()}
    clipping = optax.identity() if clip is None else optax.clip_by_global_norm(0.5)
    reference = optax.chain(clipping, OPTAXS[rule](mask))
    expected, gradients = normal(0), [normal(seed) for seed in range(1, 5)]
    state = reference.init(expected)
    for gradient in gradients:
        updates, state = reference.update(gradient, state, expected)
        expected = optax.apply_updates(expected, updates)
    actual = trained(varied(run, optimizer=rule, clip=clip, schedule=Constant()), normal(0), gradients)
    for name in SHAPES:
        # 1 - 0.999 differs by 5e-5 in float32, in which our betas are traced.
        np.testing.assert_allclose(actual[name], expected[name], rtol=2e-5, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("rule", [SGD(0.0, False, 0.03, 3.0), AdamW(weight_decay=0.03, head_decay=3.0)])
def test_the_heads_decay_is_its_own_and_gains_and_biases_have_none(run, rule):
    """Decay alone, since the gradient is zero: times the learning rate 0.1."""
    zeros = {name: np.zeros(shape, np.float32) for name, shape in SHAPES.items()}
    after, before = trained(varied(run, optimizer=rule), normal(0), [zeros]), normal(0)
    kept = {"kernel": 1 - 0.1 * 0.03, "head": 1 - 0.1 * 3.0, "gain": 1.0, "bias": 1.0}
    for name, share in kept.items():
        np.testing.assert_allclose(after[name], share * before[name], rtol=1e-6)


def test_adafactor_as_published_clips_first_and_decays_last(run):
    rule, clip = Adafactor(weight_decay=0.03, head_decay=3.0), GlobalNorm(1.0)
    before, gradient = normal(0), normal(1)
    norm = np.sqrt(sum(np.sum(leaf**2) for leaf in gradient.values()))
    clipped = {name: leaf / norm for name, leaf in gradient.items()}
    scaled, _ = (transformation := adafactor(rule, LAYOUTS)).update(clipped, transformation.init(before), before)
    decay = {"kernel": 0.03, "head": 3.0, "gain": 0.0, "bias": 0.0}
    after = trained(varied(run, optimizer=rule, clip=clip), before, [gradient])
    for name in SHAPES:
        np.testing.assert_allclose(
            after[name], before[name] - 0.1 * (scaled[name] + decay[name] * before[name]), rtol=1e-5, atol=1e-6
        )


def test_a_gradient_within_the_norm_is_not_touched(run):
    small = {name: 1e-3 * leaf for name, leaf in normal(1).items()}
    rule = SGD(0.0, False)
    one, other = (trained(varied(run, optimizer=rule, clip=clip), normal(0), [small]) for clip in (None, GlobalNorm()))
    for name in SHAPES:
        np.testing.assert_array_equal(one[name], other[name])


def test_momentum_is_the_only_state(run):
    state = optimizer(LAYOUTS, hyper(replace(run, recipe=replace(run.recipe, clip=AGC()))), step=0).init(normal(0))
    assert [leaf.shape for leaf in jax.tree.leaves(state)] == [leaf.shape for leaf in jax.tree.leaves(normal(0))]


def test_one_program_serves_all_numbers(run):
    traces = []

    @jax.jit
    def update(numbers, step, gradients, state, parameters):
        traces.append(step)
        return optimizer(LAYOUTS, numbers, step).update(gradients, state, parameters)

    state = optimizer(LAYOUTS, hyper(run), step=0).init(normal(0))
    slow, _ = update(hyper(run), 0, normal(1), state, normal(0))
    fast, _ = update(hyper(replace(run, lr=0.2)), 0, normal(1), state, normal(0))
    np.testing.assert_allclose(fast["kernel"], 2 * slow["kernel"], rtol=1e-6)
    assert len(traces) == 1
