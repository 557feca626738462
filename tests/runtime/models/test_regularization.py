"""Stochastic depth and dropout: how often, how scaled, and of what they are functions."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from runtime.models.regularization import Regularization
from runtime.models.remat import IS_KEPT

IMAGES = 4000


@pytest.fixture(scope="module")
def keys() -> jax.Array:
    return jax.random.split(jax.random.key(0), IMAGES)


@jax.jit
def skip(noise: Regularization, branch: jax.Array, block: int, share: float) -> jax.Array:
    return noise.skip(branch, block, share)


@jax.jit
def drop(noise: Regularization, x: jax.Array) -> jax.Array:
    return noise.drop(x)


def test_a_branch_is_skipped_whole_for_some_images_and_not_scaled_for_the_others(keys: jax.Array):
    kept = np.asarray(skip(Regularization(keys, 0.8, 0.0), np.ones((IMAGES, 2, 2, 3), np.float32), 7, 0.5))
    assert set(np.unique(kept)) == {0, 1}
    assert np.all(kept == kept[:, :1, :1, :1])
    assert kept[:, 0, 0, 0].mean() == pytest.approx(1 - 0.8 * 0.5, abs=0.03)


def test_where_it_is_asked_for_what_is_kept_is_divided_by_the_chance_to_be_kept(keys: jax.Array):
    kept = Regularization(keys, 0.8, 0.0).skip(jnp.ones((IMAGES, 2)), 7, 0.5, rescale=True)
    np.testing.assert_allclose(np.unique(kept), [0, 1 / 0.6], rtol=1e-6)


def test_features_are_dropped_one_by_one_and_the_others_scaled_up(keys: jax.Array):
    kept = np.asarray(drop(Regularization(keys, 0.0, 0.25), np.ones((IMAGES, 5), np.float32)))
    np.testing.assert_allclose(np.unique(kept), [0, 1 / 0.75], rtol=1e-6)
    np.testing.assert_allclose((kept > 0).mean(0), 0.75, atol=0.03)
    assert np.any(kept != kept[:, :1])


def test_rates_of_zero_change_nothing(keys: jax.Array):
    none, x = Regularization(keys, 0.0, 0.0), np.random.default_rng(0).normal(size=(IMAGES, 1)).astype(np.float32)
    assert np.all(drop(none, x) == x)
    assert np.all(skip(none, x[:, None, None], 3, 1.0) == x[:, None, None])


def test_no_dropout_draws_nothing(keys: jax.Array):
    x = np.ones((IMAGES, 1), np.float32)
    assert not jax.make_jaxpr(drop)(Regularization(keys, 0.5, None), x).eqns[0].params["jaxpr"].eqns


def test_the_backward_pass_does_not_draw_again(keys: jax.Array):
    def total(x: jax.Array) -> jax.Array:
        return jnp.sum(jax.checkpoint(partial(drop, Regularization(keys, 0.0, 0.5)), policy=IS_KEPT)(jnp.sin(x)))

    x = np.ones((IMAGES, 3), np.float32)
    assert str(jax.make_jaxpr(jax.grad(total))(x)).count("random_bits") == str(jax.make_jaxpr(total)(x)).count(
        "random_bits"
    )


def test_blocks_and_purposes_have_draws_of_their_own(keys: jax.Array):
    def kept(block: int) -> np.ndarray:
        return np.ravel(skip(noise, np.ones((IMAGES, 1, 1, 1), np.float32), block, 1.0)) > 0

    noise = Regularization(keys, 0.5, 0.5)
    dropped = np.ravel(drop(noise, np.ones((IMAGES, 1), np.float32))) > 0
    assert np.all(kept(1) == kept(1))
    for other in (kept(0), kept(2), dropped):
        assert (kept(1) == other).mean() == pytest.approx(0.5, abs=0.05)


def test_an_image_s_noise_goes_with_its_key_and_not_with_its_place(keys: jax.Array):
    x = np.random.default_rng(0).normal(size=(IMAGES, 1)).astype(np.float32)
    order = np.random.default_rng(1).permutation(IMAGES)
    whole, shuffled = Regularization(keys, 0.5, 0.5), Regularization(keys[order], 0.5, 0.5)
    assert np.all(np.asarray(drop(shuffled, x[order])) == np.asarray(drop(whole, x))[order])


def test_noise_keeps_the_dtype_of_what_it_is_applied_to(keys: jax.Array):
    noise, half = (
        Regularization(keys, jnp.float32(0.5), jnp.float32(0.5)),
        partial(jax.ShapeDtypeStruct, dtype=jnp.bfloat16),
    )
    assert jax.eval_shape(drop, noise, half((IMAGES, 3))).dtype == jnp.bfloat16
    assert jax.eval_shape(skip, noise, half((IMAGES, 2, 2, 3)), np.int32(1), np.float32(1)).dtype == jnp.bfloat16
