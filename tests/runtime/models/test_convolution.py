"""Scaled weight standardization, against numpy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from runtime.models.convolution import Convolution, standardize
from runtime.parts import Part


def numpy_standardize(kernel: np.ndarray, gain: np.ndarray) -> np.ndarray:
    result = np.empty_like(kernel)
    for output in range(kernel.shape[-1]):
        weights = kernel[..., output]
        scale = np.sqrt(max(weights.size * weights.var(), 1e-4))
        result[..., output] = gain[output] * (weights - weights.mean()) / scale
    return result


@pytest.mark.parametrize("spread", [1.0, 1e-4], ids=["normal", "below the bound"])
def test_standardize_agrees_with_numpy(spread: float):
    random = np.random.default_rng(0)
    kernel, gain = spread * random.normal(0.3, 1, (3, 3, 4, 5)), random.normal(size=5)
    result = jax.jit(standardize)(jnp.asarray(kernel, jnp.float32), jnp.asarray(gain, jnp.float32))
    np.testing.assert_allclose(result, numpy_standardize(kernel, gain), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("side", [1, 3])
def test_the_gradient_is_that_of_the_equation(side: int):
    def plain(kernel: jax.Array, gain: jax.Array) -> jax.Array:
        centered = kernel - jnp.mean(kernel, (0, 1, 2))
        return gain * centered / jnp.sqrt(jnp.maximum(jnp.sum(centered**2, (0, 1, 2)), 1e-4))

    random, shape = np.random.default_rng(0), (side, side, 8, 3)
    kernel = jnp.asarray(random.normal(0.3, [1, 1e-4, 2], shape), jnp.float32)  # the second is below the bound
    gain, dy = (jnp.asarray(random.normal(size=of), jnp.float32) for of in (3, shape))

    def gradients(function) -> tuple[jax.Array, jax.Array]:
        return jax.jit(lambda *arguments: jax.vjp(function, *arguments)[1](dy))(kernel, gain)

    for ours, expected in zip(gradients(standardize), gradients(plain), strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())


def test_each_output_has_mean_zero_and_norm_gain():
    kernel = 5 + jax.random.normal(jax.random.key(0), (3, 3, 16, 8))
    gain = jnp.arange(8.0)
    result = jax.jit(standardize)(kernel, gain)
    np.testing.assert_allclose(jnp.mean(result, (0, 1, 2)), 0, atol=1e-6)
    np.testing.assert_allclose(jnp.sqrt(jnp.sum(result**2, (0, 1, 2))), gain, rtol=1e-4)


def test_a_constant_kernel_is_zero_with_a_finite_gradient():
    def total(kernel: jax.Array) -> jax.Array:
        return jnp.sum(standardize(kernel, jnp.ones(2)) ** 2)

    value, gradient = jax.jit(jax.value_and_grad(total))(jnp.full((3, 3, 4, 2), 7.0))
    assert value == pytest.approx(0, abs=1e-6)
    assert jnp.all(jnp.isfinite(gradient))


def test_a_new_convolution_has_weights_of_variance_one_over_fan_in():
    convolution = Convolution(jax.random.key(0), 64, 128, side=3, groups=2, grouped="native")
    kernel = convolution.kernel[...]
    assert kernel.shape == (3, 3, 32, 128)
    assert jnp.var(kernel) == pytest.approx(1 / (9 * 32), rel=0.03)
    assert jnp.all(convolution.gain[...] == 1)
    assert jnp.all(convolution.bias[...] == 0)


def test_the_bias_is_added_and_the_gain_scales():
    convolution, apply = Convolution(jax.random.key(0), 4, 6, grouped="native"), jax.jit(Convolution.__call__)
    x = np.random.default_rng(0).normal(size=(2, 3, 3, 4)).astype(np.float32)
    plain = apply(convolution, x)
    convolution.gain[...] = jnp.full(6, 3.0)
    convolution.bias[...] = jnp.arange(6.0)
    np.testing.assert_allclose(apply(convolution, x), 3 * plain + np.arange(6.0), rtol=1e-5, atol=1e-5)


def test_groups_apart_compute_the_same():
    def outputs(convolution: Convolution) -> jax.Array:
        return jax.jit(convolution.__call__)(x)

    convolution = Convolution(jax.random.key(0), 8, 12, side=3, groups=4, grouped="native")
    x = jax.random.normal(jax.random.key(1), (2, 5, 5, 8))
    convolution.prepare()
    expected = outputs(convolution)
    convolution.separate()
    assert convolution.kernel.shape == (3, 3, 4, 2, 3)
    np.testing.assert_allclose(outputs(convolution), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("axis", "is_separate"), [(-2, True), (-1, False)])
def test_groups_of_parts_are_set_apart_unless_the_parts_split_them(axis: int, is_separate: bool):
    convolution = Convolution(jax.random.key(0), 8, 12, side=3, groups=4, grouped="native")
    convolution.prepare()
    convolution.kernel.set_value(Part(convolution.kernel[...], axis, jnp.bfloat16))
    convolution.separate()
    assert convolution.is_separate == is_separate
    part = convolution.kernel.get_value()
    assert part.array.shape == ((3, 3, 4, 2, 3) if is_separate else (3, 3, 2, 12))
    assert part.axis == axis
