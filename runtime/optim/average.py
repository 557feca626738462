"""Averages of the weights over the steps of a run."""

from typing import assert_never

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from nfdsl.schema.averages import EMA, Average, Polyak
from runtime.parameters import Parameters


def averaged(
    rule: Average, average: Parameters, parameters: Parameters, step: ArrayLike, steps: ArrayLike
) -> Parameters:
    """Returns the average after step `step` of `steps` (counted from 0) left the weights at `parameters`.

    ::

        average <- d * average + (1 - d) * w,    t = step
        ema                    d = decay
        ema, warm-up on        d = min(decay, (1 + t) / (10 + t))
        polyak                 d = n / (n + 1),    n = max(0, t - round(start * steps))

    so with a warm-up the first step keeps a tenth of the initial weights (Brock et al. 2021, appendix A.1 and the
    paper's code), and `polyak` is the mean of the weights after each step from ``round(start * steps)`` on;
    before, it is the weights themselves. The average of float32 weights is float32.
    """
    gain = _gain(rule, jnp.asarray(step, jnp.int32), jnp.asarray(steps, jnp.int32))
    return jax.tree.map(lambda mean, parameter: mean + gain * (parameter - mean), average, parameters)


def _gain(rule: Average, t: jax.Array, steps: jax.Array) -> jax.Array:
    """Returns 1 - d, float32."""
    match rule:
        case EMA(decay=decay, warmup=True):
            return 1 - jnp.minimum(decay, (1 + t) / (10 + t))
        case EMA(decay=decay):
            return 1 - jnp.asarray(decay, jnp.float32)
        case Polyak(start=start):
            first = jnp.round(jnp.asarray(start, jnp.float32) * steps).astype(jnp.int32)
            return 1 / (1 + jnp.maximum(t - first, 0).astype(jnp.float32))
        case _:
            assert_never(rule)
