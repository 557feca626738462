"""Affine maps of vectors. Shape suffixes: B batch, I in, O out."""

import jax
import jax.numpy as jnp
from flax import nnx

from runtime.parameters import Parameter, Role


class Linear(nnx.Module):
    """``x W + b`` with plain (not standardized) weights; b starts at zero."""

    def __init__(self, kernel_IxO: jax.Array, *, role: Role = "kernel"):
        self.kernel = Parameter(kernel_IxO, "in", "out", role=role)
        self.bias = Parameter(jnp.zeros(kernel_IxO.shape[1], jnp.float32), "out", role="bias")

    def __call__(self, x_BxI: jax.Array) -> jax.Array:
        return x_BxI @ self.kernel[...] + self.bias[...]
