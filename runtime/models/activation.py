"""Nonlinearities that keep unit variance."""

from typing import assert_never

import jax

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
            return jax.nn.gelu(x, approximate=True) * GAINS["gelu"]
        case "relu":
            return jax.nn.relu(x) * GAINS["relu"]
        case "silu":
            return jax.nn.silu(x) * GAINS["silu"]
        case _:
            assert_never(activation)
