"""Normalisation against its equations."""

import jax.numpy as jnp
import numpy as np

from runtime.models.normalization import GroupNorm, LayerNorm

X = np.random.default_rng(0).normal(3, 2, (2, 3, 4, 6)).astype(np.float32)


def test_layers_normalise_each_token():
    expected = (X - X.mean(-1, keepdims=True)) / np.sqrt(X.var(-1, keepdims=True) + 1e-6)
    np.testing.assert_allclose(LayerNorm(6)(jnp.asarray(X)), expected, rtol=1e-5, atol=1e-6)


def test_groups_normalise_neighbouring_channels_of_all_pixels():
    parts = [X[..., :3], X[..., 3:]]
    axes = (1, 2, 3)
    expected = [(p - p.mean(axes, keepdims=True)) / np.sqrt(p.var(axes, keepdims=True) + 1e-3) for p in parts]
    actual = GroupNorm(6, 2, 1e-3)(jnp.asarray(X))
    np.testing.assert_allclose(actual, np.concatenate(expected, -1), rtol=1e-5, atol=1e-6)


def test_gain_and_bias_are_of_channels():
    norm = LayerNorm(6)
    norm.gain[...] = jnp.arange(6.0)
    norm.bias[...] = jnp.arange(6.0, 12.0)
    plain = LayerNorm(6)(jnp.asarray(X))
    np.testing.assert_allclose(norm(jnp.asarray(X)), plain * jnp.arange(6) + jnp.arange(6, 12), rtol=1e-6)
