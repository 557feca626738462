"""Multi-head attention. Shape suffixes: B batch, Q queries, T tokens, H heads, D channels of a head, C = HD."""

import math

import jax
import jax.numpy as jnp
from flax import nnx

from runtime.models.linear import Linear, xavier
from runtime.models.remat import kept


class Attention(nnx.Module):
    """``softmax(q k^T / sqrt(D)) v`` of each head, then an affine map (Vaswani et al. 2017, section 3.2)."""

    def __init__(self, key: jax.Array, width: int, heads: int):
        query, keys, value, output = jax.random.split(key, 4)
        self.query = Linear(xavier(query, width, width))
        self.key = Linear(xavier(keys, width, width))
        self.value = Linear(xavier(value, width, width))
        self.output = Linear(xavier(output, width, width))
        self.heads = heads

    def __call__(self, queries_BxQxC: jax.Array, tokens_BxTxC: jax.Array) -> jax.Array:
        q_BxQxHxD = self._split(self.query(queries_BxQxC))
        k_BxTxHxD = self._split(self.key(tokens_BxTxC))
        v_BxTxHxD = self._split(self.value(tokens_BxTxC))
        # There are more scores than channels, and each takes few multiply-adds to compute again: they are not kept.
        scores_BxHxQxT = jnp.einsum("bqhd,bthd->bhqt", q_BxQxHxD / math.sqrt(q_BxQxHxD.shape[-1]), k_BxTxHxD)
        weights_BxHxQxT = jax.nn.softmax(scores_BxHxQxT.astype(jnp.float32)).astype(v_BxTxHxD.dtype)
        mixed_BxQxHxD = kept(jnp.einsum("bhqt,bthd->bqhd", weights_BxHxQxT, v_BxTxHxD))
        return self.output(mixed_BxQxHxD.reshape(queries_BxQxC.shape))

    def _split(self, x_BxTxC: jax.Array) -> jax.Array:
        return x_BxTxC.reshape(*x_BxTxC.shape[:2], self.heads, -1)
