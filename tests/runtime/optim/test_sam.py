"""Tests of sharpness-aware minimisation against its equations written out."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from runtime.optim.sam import ascended, ascent_examples, ascent_places, ascents_each, sharpness_aware

PARAMETERS = {"w": jnp.array([1.0, -2.0, 0.5]), "b": jnp.array(0.3)}


def loss(parameters, examples):
    """Least squares with random masks: targets, inputs, weights and keys of each example."""
    x, y, weights, keys = examples
    kept = jax.vmap(lambda key: jax.random.bernoulli(key, 0.5, (3,)))(keys)
    return jnp.sum(weights * ((x * kept) @ parameters["w"] + parameters["b"] - y) ** 2)


gradient = jax.value_and_grad(loss)


def examples(count):
    draws = np.random.default_rng(0)
    x, y = draws.normal(size=(count, 3)), draws.normal(size=count)
    return jnp.asarray(x), jnp.asarray(y), jnp.ones(count), jax.random.split(jax.random.key(0), count)


def first(batch, count):
    return jax.tree.map(lambda array: array[:count], batch)


@pytest.mark.parametrize("count", [10, 2, 1])
def test_gradient_is_taken_at_the_ascended_weights(count):
    batch = examples(10)
    ascent = jax.grad(loss)(PARAMETERS, first(batch, count))
    norm = jnp.sqrt(jnp.sum(ascent["w"] ** 2) + ascent["b"] ** 2)
    worst = {name: PARAMETERS[name] + 0.05 * ascent[name] / norm for name in PARAMETERS}
    expected_loss, expected = gradient(worst, batch)
    actual_loss, actual = sharpness_aware(gradient, 0.05, partial(first, count=count))(PARAMETERS, batch)
    np.testing.assert_allclose(actual_loss, expected_loss, rtol=1e-6)
    for name in PARAMETERS:
        np.testing.assert_allclose(actual[name], expected[name], rtol=1e-5)
        assert not np.allclose(actual[name], jax.grad(loss)(PARAMETERS, batch)[name], rtol=1e-3)


def test_padding_has_no_part_in_the_ascent():
    x, y, weights, keys = examples(4)
    padded = x.at[1:].set(99.0), y, weights.at[1:].set(0.0), keys
    alone = first((x, y, weights, keys), 1)
    _, expected = sharpness_aware(gradient, 0.05, partial(first, count=1))(PARAMETERS, alone)
    _, actual = sharpness_aware(gradient, 0.05, partial(first, count=2))(PARAMETERS, padded)
    np.testing.assert_allclose(actual["w"], expected["w"], rtol=1e-6)


def test_a_zero_gradient_moves_nothing_and_is_not_nan():
    x, y, weights, keys = examples(4)
    value, gradients = sharpness_aware(gradient, 0.05, partial(first, count=1))(PARAMETERS, (x, y, 0 * weights, keys))
    assert value == 0
    assert all((leaf == 0).all() for leaf in jax.tree.leaves(gradients))


def test_the_ascent_is_rho_long_over_all_parameters_together():
    gradients = {"w": jnp.array([3.0, 0.0, 0.0]), "b": jnp.array(4.0)}
    moved = ascended({"w": jnp.zeros(3), "b": jnp.array(0.0)}, gradients, 0.1)
    np.testing.assert_allclose(moved["w"], [0.06, 0, 0], rtol=1e-6)
    np.testing.assert_allclose(moved["b"], 0.08, rtol=1e-6)


def test_a_nan_gradient_is_not_hidden():
    moved = ascended(PARAMETERS, {"w": jnp.full(3, jnp.nan), "b": jnp.array(0.0)}, 0.1)
    assert jnp.isnan(moved["w"]).all()


@pytest.mark.parametrize(
    ("examples", "fraction", "count"), [(1, 0.2, 1), (2, 0.2, 1), (8, 0.2, 2), (100, 0.29, 29), (7, 1.0, 7)]
)
def test_ascent_examples_are_the_nearest_count_but_at_least_one(examples, fraction, count):
    assert ascent_examples(examples, fraction) == count


@pytest.mark.parametrize("fraction", [0.01, 0.2, 0.29, 0.5, 1.0])
@pytest.mark.parametrize("examples", [1, 2, 8, 60, 64])
def test_an_ascent_is_taken_on_the_same_examples_however_many_devices_hold_them(examples, fraction):
    count = ascent_examples(examples, fraction)
    for devices in (devices for devices in range(1, 65) if examples % devices == 0):
        each = examples // devices
        rows, counts = ascent_places(examples, fraction, devices)
        assert rows.shape == counts.shape == (devices, -(-each * count // examples))
        assert rows.max() < each
        chosen = (rows + each * np.arange(devices)[:, None])[counts == 1]
        assert sorted(chosen.tolist()) == [place * examples // count for place in range(count)]
        assert len(np.unique(chosen)) == count


@pytest.mark.parametrize(
    ("ascents", "devices", "each"), [(1, 1, 1), (1, 8, 0), (8, 1, 8), (8, 4, 2), (8, 8, 1), (6, 3, 2)]
)
def test_devices_share_the_ascents(ascents, devices, each):
    assert ascents_each(ascents, 24, devices) == each


@pytest.mark.parametrize(
    ("ascents", "devices", "message"),
    [
        (5, 1, "a batch of 24 images does not divide into the 5 parts that `sam` ascends on"),
        (4, 3, "`sam` ascends on 4 parts of each batch, one for each chip that `hardware` states, and they do not"),
        (4, 8, "divide evenly over 8 devices"),
    ],
)
def test_ascents_that_cannot_be_shared_are_refused(ascents, devices, message):
    with pytest.raises(ValueError, match=message):
        ascents_each(ascents, 24, devices)
