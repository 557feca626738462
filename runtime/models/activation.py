"""Nonlinearities that keep unit variance."""

import math
from functools import partial
from typing import assert_never

import jax
import jax.numpy as jnp

from nfdsl.schema.model import Activation

# One over the standard deviation of f(z), z ~ N(0, 1), as estimated by sampling in the public code
# (google-deepmind/deepmind-research, nfnets/base.py); released weights were trained with exactly these. By
# quadrature they are 1.700917, 1.712859 and 1.787187.
GAINS: dict[Activation, float] = {
    "gelu": 1.7015043497085571,
    "relu": 1.7139588594436646,
    "silu": 1.7881293296813965,
}


def activate(x: jax.Array, activation: Activation) -> jax.Array:
    """Returns f(x) / sqrt(Var f(z)) with z ~ N(0, 1) (Brock et al. 2021, section 3); GELU is the tanh approximation."""
    match activation:
        case "gelu":
            return gelu(x, GAINS["gelu"])
        case "relu":
            return jax.nn.relu(x) * GAINS["relu"]
        case "silu":
            return jax.nn.silu(x) * GAINS["silu"]
        case _:
            assert_never(activation)


_SLOPE, _CUBE = math.sqrt(2 / math.pi), 0.044715


@partial(jax.custom_jvp, nondiff_argnums=(1,))
def gelu(x: jax.Array, gain: float = 1.0) -> jax.Array:
    """Returns ``gain / 2 * x (1 + tanh u)`` with ``u = sqrt(2 / pi) (x + 0.044715 x^3)`` (Hendrycks and Gimpel 2016).

    Its slope, ``gain / 2 * (1 + tanh u + x u' (1 - tanh^2 u))``, takes half the operations of what differentiation by
    rules makes of the formula, which is what the time of a backward pass goes into.
    """
    return (gain / 2) * x * (1 + _tanh(x))


@gelu.defjvp
def _gelu_jvp(gain: float, primals: tuple[jax.Array], tangents: tuple[jax.Array]) -> tuple[jax.Array, jax.Array]:
    (x,), (dx,) = primals, tangents
    tanh, du = _tanh(x), _SLOPE + (3 * _SLOPE * _CUBE) * jnp.square(x)
    slope = 1 + tanh + x * du * (1 - jnp.square(tanh))
    return (gain / 2) * x * (1 + tanh), (gain / 2) * slope * dx


def _tanh(x: jax.Array) -> jax.Array:
    return jnp.tanh(x * (_SLOPE + (_SLOPE * _CUBE) * jnp.square(x)))
