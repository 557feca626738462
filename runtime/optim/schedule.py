"""The learning rate's course over a run."""

from typing import assert_never

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from nfdsl.schema.training import Cosine, Linear


def learning_rate(
    schedule: Cosine | Linear, step: ArrayLike, peak: ArrayLike, warmup_steps: ArrayLike, steps: ArrayLike
) -> jax.Array:
    """Returns the learning rate (float32 scalar) of step `step`, counted from 0.

    With ``t = step``, ``W = warmup_steps``, ``T = steps`` and ``r = (T - t) / (T - W)``, the share
    of the decay that is still ahead::

        t < W                peak * t / W                    (0 at the first step)
        W <= t < T, cosine   peak * (1 + cos(pi * (1 - r))) / 2
        W <= t < T, linear   peak * r

    So step W is the only one at the peak, and 0 is reached at T, one after the last step. Where
    ``W >= T`` the run ends during its warm-up. All numbers may be traced; W may be 0.
    """
    t, warmup, end = (jnp.asarray(number, jnp.int32) for number in (step, warmup_steps, steps))
    risen = t / jnp.maximum(warmup, 1)
    # Differences of integers, so that the end of a run of millions of steps is exact in float32.
    ahead = jnp.clip((end - t) / jnp.maximum(end - warmup, 1), 0.0, 1.0)
    return jnp.asarray(peak, jnp.float32) * jnp.where(t < warmup, risen, _decay(schedule, ahead))


def _decay(schedule: Cosine | Linear, ahead: jax.Array) -> jax.Array:
    match schedule:
        case Cosine():
            # (1 + cos(pi * (1 - r))) / 2 without cancellation where r is small.
            return jnp.sin(0.5 * jnp.pi * ahead) ** 2
        case Linear():
            return ahead
        case _:
            assert_never(schedule)
