"""The learning rate's course over a run."""

from typing import assert_never

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from nfdsl.schema.schedules import Constant, Cosine, Linear, Piecewise, ReciprocalSqrt, Schedule


def learning_rate(
    schedule: Schedule, step: ArrayLike, peak: ArrayLike, warmup_steps: ArrayLike, steps: ArrayLike
) -> jax.Array:
    """Returns the learning rate (float32 scalar) of step `step`, counted from 0.

    With ``t = step``, ``W = warmup_steps``, ``T = steps`` and ``r = (T - t) / (T - W)``, the share
    of the decay that is still ahead::

        t < W                   peak * t / W                    (0 at the first step)
        W <= t < T, cosine      peak * (1 + cos(pi * (1 - r))) / 2
        W <= t < T, linear      peak * r
        W <= t < T, constant    peak
        W <= t < T, rsqrt       peak / sqrt(1 + (t - W) / timescale) * min(1, (T - t) / cooldown)
        W <= t < T, piecewise   peak * factor ^ n,  n the points with round(at * T) <= t

    So with the first two, step W is the only one at the peak, and 0 is reached at T, one after the last step. Where
    ``W >= T`` the run ends during its warm-up. All numbers may be traced, those of the schedule too; W may be 0.
    """
    t, warmup, end = (jnp.asarray(number, jnp.int32) for number in (step, warmup_steps, steps))
    risen = t / jnp.maximum(warmup, 1)
    return jnp.asarray(peak, jnp.float32) * jnp.where(t < warmup, risen, _decay(schedule, t, warmup, end))


def _decay(schedule: Schedule, t: jax.Array, warmup: jax.Array, end: jax.Array) -> jax.Array:
    # Differences of integers, so that the end of a run of millions of steps is exact in float32.
    ahead = jnp.clip((end - t) / jnp.maximum(end - warmup, 1), 0.0, 1.0)
    match schedule:
        case Cosine():
            # (1 + cos(pi * (1 - r))) / 2 without cancellation where r is small.
            return jnp.sin(0.5 * jnp.pi * ahead) ** 2
        case Linear():
            return ahead
        case Constant():
            return jnp.ones_like(ahead)
        case ReciprocalSqrt(timescale=timescale, cooldown=cooldown):
            cooling = jnp.clip((end - t) / jnp.maximum(cooldown, 1), 0.0, 1.0)
            return cooling / jnp.sqrt(1 + jnp.maximum(t - warmup, 0) / timescale)
        case Piecewise(at=at, factor=factor):
            passed = sum(((t >= jnp.round(share * end)).astype(jnp.int32) for share in at), jnp.zeros_like(t))
            return jnp.asarray(factor, jnp.float32) ** passed
        case _:
            assert_never(schedule)
