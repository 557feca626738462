"""Affine maps of vectors. Shape suffixes: B batch, I in, O out, _ any axes."""

import math

import jax
import jax.numpy as jnp
from flax import nnx

from runtime.models.remat import kept
from runtime.parameters import Parameter, Role


class Linear(nnx.Module):
    """``x W + b`` with plain (not standardized) weights; b starts at zero unless it is given."""

    def __init__(self, kernel_IxO: jax.Array, bias_O: jax.Array | None = None, *, role: Role = "kernel"):
        bias = jnp.zeros(kernel_IxO.shape[1], jnp.float32) if bias_O is None else bias_O
        self.kernel = Parameter(kernel_IxO, "in", "out", role=role)
        self.bias = Parameter(bias, "out", role="bias")

    def __call__(self, x__xI: jax.Array) -> jax.Array:
        return kept(x__xI @ self.kernel[...]) + self.bias[...]


def xavier(key: jax.Array, inputs: int, outputs: int) -> jax.Array:
    """Returns weights [inputs, outputs] from ``U(-a, a)``, ``a = sqrt(6 / (inputs + outputs))`` (Glorot and Bengio)."""
    bound = math.sqrt(6 / (inputs + outputs))
    return jax.random.uniform(key, (inputs, outputs), jnp.float32, -bound, bound)


def truncated_normal(key: jax.Array, inputs: int, outputs: int) -> jax.Array:
    """Returns weights [inputs, outputs] of standard deviation ``0.88 / sqrt(inputs)``: a normal one of
    ``1 / sqrt(inputs)`` cut off at twice that, as Haiku's Linear draws them."""
    return jax.random.truncated_normal(key, -2, 2, (inputs, outputs), jnp.float32) / math.sqrt(inputs)


def lecun_normal(key: jax.Array, inputs: int, outputs: int) -> jax.Array:
    """Returns the same of standard deviation ``1 / sqrt(inputs)``, as flax's Dense and Conv draw them."""
    return jax.nn.initializers.lecun_normal()(key, (inputs, outputs), jnp.float32)
