"""Adafactor as Scaling Vision Transformers has it (Zhai et al. 2022, arXiv 2106.04560, section 3.4)."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax

from nfdsl.schema.optimizers import Adafactor
from runtime.parameters import Layout, Layouts

_SMALLEST_SIDE = 32  # of a matrix whose second moment is factored (big_vision; optax's own default is 128)


def adafactor(rule: Adafactor, layouts: Layouts) -> optax.GradientTransformation:
    """Returns the rule without learning rate and decay, made of optax's parts as in big_vision.

    ::

        b2 = min(beta2_cap, 1 - t^-decay_exponent)    at the update t, counted from 1
        V  = b2 * V + (1 - b2) * (g^2 + 1e-30)        whole, or the means of its rows and columns
        m  = momentum * m + (1 - momentum) * g / sqrt(V)      kept in bfloat16, not bias-corrected

    Factored are the two longest axes of a tensor where both have at least 32 entries. Layers that are
    stacked for a scan are tensors of their own: the layer axis is never one of the two.
    """
    second_moment = _layer_by_layer(
        optax.scale_by_factored_rms(
            decay_rate=rule.decay_exponent,
            min_dim_size_to_factor=_SMALLEST_SIDE,
            decay_rate_fn=lambda done, exponent: jnp.minimum(
                rule.beta2_cap, 1 - (jnp.asarray(done) + 1.0) ** -jnp.asarray(exponent)
            ),
        ),
        layouts,
    )
    return optax.chain(second_moment, optax.ema(rule.momentum, debias=False, accumulator_dtype=jnp.bfloat16))


def _layer_by_layer(rule: optax.GradientTransformation, layouts: Layouts) -> optax.GradientTransformation:
    """Returns `rule` applied to each tensor alone, and to each layer of a stacked one."""

    def init(params: Any) -> Any:
        return jax.tree.map(lambda parameter, layout: _mapped(rule.init, layout)(parameter), params, layouts)

    def update(updates: Any, state: Any, params: Any = None) -> tuple[Any, Any]:
        tensors, nesting = jax.tree.flatten(layouts)
        parts = zip(tensors, *map(nesting.flatten_up_to, (updates, state, params)), strict=True)
        results = [_mapped(rule.update, layout)(*part) for layout, *part in parts]
        tree, states = map(nesting.unflatten, zip(*results, strict=True))
        return tree, states

    return optax.GradientTransformation(init, update)


def _mapped(function: Callable[..., Any], layout: Layout) -> Callable[..., Any]:
    return jax.vmap(function) if layout.axes[:1] == ("layer",) else function
