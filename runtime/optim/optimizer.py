"""The update of a step: clipping, weight decay, the rule, the learning rate.

::

    g <- clip(g)                             agc: every unit but the head's; norm: all weights together
    g <- g + decay * w                       coupled decay: kernels and the head only
    sgd        m <- momentum * m + g         u = g + momentum * m with Nesterov, else m
    adam       Kingma and Ba 2015, algorithm 1
    adafactor  Zhai et al. 2022, section 3.4            (adafactor.py)
    u <- u + decay * w                       decoupled decay: kernels and the head only
    w <- w - lr(t) * layer_decay^(D - depth) * u      but for what is frozen

SGD as NFNets are trained: Brock et al. 2021, appendix A.1. Where optax has a part, it is optax's.
"""

from typing import assert_never

import jax
import jax.numpy as jnp
import optax
from jax.typing import ArrayLike

from nfdsl.schema.optimizers import AGC, SGD, Adafactor, Adam, AdamW, Clip, GlobalNorm, Optimizer
from runtime.optim.adafactor import adafactor
from runtime.optim.agc import adaptive_clip
from runtime.optim.hyper import Hyper
from runtime.optim.layers import frozen, of_learning, scale_by_depth
from runtime.optim.schedule import learning_rate
from runtime.parameters import Layouts, Role


def optimizer(layouts: Layouts, hyper: Hyper, step: ArrayLike) -> optax.GradientTransformation:
    """Returns the update rule of step `step`, counted from 0.

    Of SGD the only state is the momentum, and of what is frozen there is none. Which words the recipe has shapes the
    program; their numbers may be traced.
    """
    rate = learning_rate(hyper.schedule, step, hyper.peak, hyper.warmup_steps, hyper.steps)
    return optax.chain(
        _clip(hyper.clip, layouts),
        of_learning(optax.chain(*_rule(hyper.optimizer, layouts)), layouts, hyper.freeze),
        scale_by_depth(layouts, hyper.layer_decay),
        optax.scale_by_learning_rate(rate),
        optax.freeze(frozen(layouts, hyper.freeze)),
    )


def _clip(clip: Clip | None, layouts: Layouts) -> optax.GradientTransformation:
    match clip:
        case None:
            return optax.identity()
        case AGC(ratio=ratio, eps=eps):
            return adaptive_clip(layouts, ratio, eps)
        case GlobalNorm(limit=limit):
            return optax.clip_by_global_norm(limit)
        case _:
            assert_never(clip)


def _rule(rule: Optimizer, layouts: Layouts) -> tuple[optax.GradientTransformation, ...]:
    decay = _decay(rule, layouts)
    match rule:
        case SGD():
            return decay, optax.trace(rule.momentum, rule.nesterov)
        case Adam():
            return decay, optax.scale_by_adam(rule.beta1, rule.beta2, rule.eps)
        case AdamW():
            return optax.scale_by_adam(rule.beta1, rule.beta2, rule.eps), decay
        case Adafactor():
            return adafactor(rule, layouts), decay
        case _:
            assert_never(rule)


def _decay(rule: Optimizer, layouts: Layouts) -> optax.GradientTransformation:
    """Adds a share of the weights: kernels and the classifier's weight each have their own."""
    return optax.chain(
        optax.add_decayed_weights(jnp.asarray(rule.weight_decay), _of_role("kernel", layouts)),
        optax.add_decayed_weights(jnp.asarray(rule.head_decay), _of_role("head", layouts)),
    )


def _of_role(role: Role, layouts: Layouts) -> Layouts:
    return jax.tree.map(lambda layout: layout.role == role, layouts)
