"""Tests of adaptive gradient clipping."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from runtime.optim.agc import adaptive_clip, clip, unit_axes
from runtime.parameters import Layout

CONVOLUTION = Layout(("height", "width", "in", "out"), "kernel")
LINEAR = Layout(("in", "out"), "kernel")
HEAD = Layout(("in", "out"), "head")
GAIN = Layout(("out",), "gain")
BIAS = Layout(("out",), "bias")
SKIP_GAIN = Layout((), "gain")


def stacked(layout):
    return Layout(("layer", *layout.axes), layout.role)


def normal(seed, *shape):
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape), jnp.float32)


@pytest.mark.parametrize(
    ("layout", "axes"),
    [
        (CONVOLUTION, (0, 1, 2)),
        (LINEAR, (0,)),
        (GAIN, (0,)),
        (SKIP_GAIN, ()),
        (stacked(CONVOLUTION), (1, 2, 3)),
        (stacked(LINEAR), (1,)),
        (stacked(GAIN), (1,)),
        (stacked(SKIP_GAIN), ()),
    ],
)
def test_unit_axes_are_those_that_feed_one_output_of_one_layer(layout, axes):
    assert unit_axes(layout) == axes


def test_only_units_longer_than_allowed_are_shortened_to_that_length():
    weights = jnp.array([[3.0, 0.3], [4.0, 0.4]])  # columns of norm 5 and 0.5
    gradients = jnp.array([[0.6, 0.6], [0.8, 0.8]])  # columns of norm 1
    clipped = clip({"w": gradients}, {"w": weights}, {"w": LINEAR}, ratio=0.5, eps=1e-3)
    np.testing.assert_allclose(clipped["w"], [[0.6, 0.15], [0.8, 0.2]], rtol=1e-6)


@pytest.mark.parametrize(
    ("layout", "shape"), [(CONVOLUTION, (3, 3, 4, 5)), (LINEAR, (4, 5)), (GAIN, (5,)), (BIAS, (5,)), (SKIP_GAIN, ())]
)
def test_without_layers_it_is_what_optax_infers_from_rank(layout, shape):
    parameters, gradients = {"w": normal(0, *shape)}, {"w": 0.1 * normal(1, *shape)}
    expected, _ = optax.adaptive_grad_clip(0.1, 1e-3).update(gradients, optax.EmptyState(), parameters)
    clipped = clip(gradients, parameters, {"w": layout}, 0.1, 1e-3)
    np.testing.assert_allclose(*jax.tree.leaves((clipped, expected)), rtol=1e-6)


@pytest.mark.parametrize(
    ("layout", "shape"), [(CONVOLUTION, (3, 3, 4, 5)), (LINEAR, (4, 5)), (GAIN, (5,)), (SKIP_GAIN, ())]
)
def test_stacked_layers_are_clipped_one_by_one(layout, shape):
    layers = 3
    size = jnp.array([0.01, 1.0, 100.0]).reshape(layers, *[1] * len(shape))  # so that layers clip differently
    parameters, gradients = normal(0, layers, *shape), normal(1, layers, *shape) * size
    together = clip({"w": gradients}, {"w": parameters}, {"w": stacked(layout)}, 0.5, 1e-3)["w"]
    for layer in range(layers):
        alone = clip({"w": gradients[layer]}, {"w": parameters[layer]}, {"w": layout}, 0.5, 1e-3)["w"]
        np.testing.assert_allclose(together[layer], alone, rtol=1e-6)


def test_the_head_is_told_by_its_role_and_never_clipped():
    gradients = 1e3 * normal(0, 4, 5)
    clipped = clip({"w": gradients}, {"w": normal(1, 4, 5)}, {"w": HEAD}, 0.01, 1e-3)
    np.testing.assert_array_equal(clipped["w"], gradients)


@pytest.mark.parametrize("size", [1.0, 1e-4])
@pytest.mark.parametrize(("layout", "shape"), [(SKIP_GAIN, ()), (BIAS, (7,))])
def test_parameters_at_zero_move_by_ratio_times_eps(layout, shape, size):
    """The papers' values let skip gains and biases start with gradients of norm 1e-5."""
    clipped = clip({"w": size * normal(0, *shape)}, {"w": jnp.zeros(shape)}, {"w": layout}, 0.01, 1e-3)
    np.testing.assert_allclose(jnp.linalg.norm(clipped["w"]), 1e-5, rtol=1e-6)


def test_each_layer_of_stacked_skip_gains_has_its_own_limit():
    gradients = {"w": jnp.array([3.0, 1e-6, -2.0])}
    clipped = clip(gradients, {"w": jnp.zeros(3)}, {"w": stacked(SKIP_GAIN)}, 0.01, 1e-3)
    np.testing.assert_allclose(clipped["w"], [1e-5, 1e-6, -1e-5], rtol=1e-6)


def test_zero_gradients_stay_zero_and_nan_stays_nan():
    gradients = {"zero": jnp.zeros((2, 2)), "nan": jnp.full((2, 2), jnp.nan)}
    parameters = {"zero": jnp.zeros((2, 2)), "nan": jnp.ones((2, 2))}
    clipped = clip(gradients, parameters, {"zero": LINEAR, "nan": LINEAR}, 0.01, 1e-3)
    np.testing.assert_array_equal(clipped["zero"], gradients["zero"])
    assert jnp.isnan(clipped["nan"]).all()


def test_the_optax_link_is_clip_and_keeps_no_state():
    parameters, gradients, layouts = {"w": normal(0, 4, 5)}, {"w": normal(1, 4, 5)}, {"w": LINEAR}
    link = adaptive_clip(layouts, 0.01, 1e-3)
    updates, state = link.update(gradients, link.init(parameters), parameters)
    np.testing.assert_array_equal(*jax.tree.leaves((updates, clip(gradients, parameters, layouts, 0.01, 1e-3))))
    assert not jax.tree.leaves(state)
