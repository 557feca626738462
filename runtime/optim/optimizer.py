"""Stochastic gradient descent as the papers run it (Brock et al. 2021, appendix A.1).

::

    g <- clip(g)                 every unit but the head's        (agc.py)
    g <- g + weight_decay * w    kernels and the head only: coupled, after clipping
    m <- momentum * m + g
    w <- w - lr(t) * (g + momentum * m)    with Nesterov, else    w - lr(t) * m
"""

import jax
import jax.numpy as jnp
import optax
from jax.typing import ArrayLike

from nfdsl.schema.training import Recipe
from runtime.optim.agc import adaptive_clip
from runtime.optim.hyper import Hyper
from runtime.optim.schedule import learning_rate
from runtime.parameters import Layouts


def optimizer(recipe: Recipe, layouts: Layouts, hyper: Hyper, step: ArrayLike) -> optax.GradientTransformation:
    """Returns the update rule of step `step`, counted from 0.

    Its only state is the momentum: the count of steps is the training state's. What the recipe has
    (clipping, Nesterov momentum, which schedule) shapes the program; all numbers come from `hyper`
    and may be traced.
    """
    decayed = jax.tree.map(lambda layout: layout.role in ("kernel", "head"), layouts)
    rate = learning_rate(recipe.schedule, step, hyper.peak, hyper.warmup_steps, hyper.steps)
    return optax.chain(
        optax.identity() if hyper.clip is None else adaptive_clip(layouts, hyper.clip.ratio, hyper.clip.eps),
        optax.add_decayed_weights(jnp.asarray(hyper.weight_decay), decayed),
        optax.trace(hyper.momentum, recipe.optimizer.nesterov),
        optax.scale_by_learning_rate(rate),
    )
