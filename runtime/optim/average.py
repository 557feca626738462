"""Exponential moving average of the weights."""

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from runtime.parameters import Parameters


def averaged(average: Parameters, parameters: Parameters, step: ArrayLike, decay: ArrayLike) -> Parameters:
    """Returns the average after step `step` (counted from 0) left the weights at `parameters`.

    ::

        average <- d * average + (1 - d) * w    with    d = min(decay, (1 + t) / (10 + t)),  t = step

    so the first step keeps a tenth of the initial weights (Brock et al. 2021, appendix A.1 and
    the paper's code). The average of float32 weights is float32.
    """
    step = jnp.asarray(step, jnp.float32)
    gain = 1 - jnp.minimum(decay, (1 + step) / (10 + step))
    return jax.tree.map(lambda mean, parameter: mean + gain * (parameter - mean), average, parameters)
