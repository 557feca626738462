"""Normalisation of activations. Shape suffixes: B batch, H height, W width, C channels, G groups, _ any axes."""

import jax
import jax.numpy as jnp
from flax import nnx
from jax import lax

from runtime.parameters import Parameter

_LAYER_EPS = 1e-6  # flax's default, which ViTs were trained with


class _Affine(nnx.Module):
    def __init__(self, channels: int, gain: float = 1.0):
        self.gain = Parameter(jnp.full(channels, gain, jnp.float32), "out", role="gain")
        self.bias = Parameter(jnp.zeros(channels, jnp.float32), "out", role="bias")

    def _scaled(self, normalized: jax.Array, dtype: jnp.dtype) -> jax.Array:
        return normalized.astype(dtype) * self.gain[...] + self.bias[...]


class LayerNorm(_Affine):
    """``(x - mean) / sqrt(var + 1e-6) * gain + bias`` over the channels of each token (Ba et al. 2016)."""

    def __call__(self, x__xC: jax.Array) -> jax.Array:
        return self._scaled(_normalized(x__xC.astype(jnp.float32), (-1,), _LAYER_EPS), x__xC.dtype)


class GroupNorm(_Affine):
    """The same with `eps` over the pixels and channels of each of `groups` groups (Wu and He 2018)."""

    def __init__(self, channels: int, groups: int, eps: float, gain: float = 1.0):
        super().__init__(channels, gain)
        self.groups = groups
        self.eps = eps

    def __call__(self, x_BxHxWxC: jax.Array) -> jax.Array:
        batch, height, width, channels = x_BxHxWxC.shape
        grouped_BxPxGxC = x_BxHxWxC.reshape(batch, height * width, self.groups, channels // self.groups)
        normalized = _normalized(grouped_BxPxGxC.astype(jnp.float32), (1, 3), self.eps)
        return self._scaled(normalized.reshape(x_BxHxWxC.shape), x_BxHxWxC.dtype)


def _normalized(x: jax.Array, axes: tuple[int, ...], eps: float) -> jax.Array:
    """Returns float32 values of mean 0 and variance 1 over `axes`."""
    centered = x - jnp.mean(x, axes, keepdims=True)
    return centered * lax.rsqrt(jnp.mean(jnp.square(centered), axes, keepdims=True) + eps)
