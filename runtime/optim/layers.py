"""Which layers learn, and how fast beside each other."""

from typing import Any

import jax
import jax.numpy as jnp
import optax
from jax.typing import ArrayLike

from nfdsl.schema.training import Freeze
from runtime.parameters import Layout, Layouts, in_classifier


def frozen(layouts: Layouts, freeze: Freeze) -> Layouts:
    """Returns whether each parameter keeps its value: True or False, nested as `layouts` are."""

    def keeps(layout: Layout, is_classifier: bool) -> bool:
        return not is_classifier and (freeze == "body" or (freeze == "kernels" and layout.role not in ("gain", "bias")))

    return jax.tree.map(keeps, layouts, in_classifier(layouts))


def of_learning(rule: optax.GradientTransformation, layouts: Layouts, freeze: Freeze) -> optax.GradientTransformation:
    """Returns `rule` for the parameters that learn: of those that are frozen it keeps no state.

    In place of each of these it sees a zero, one for each layer of stacked ones, so that its state stays nested like
    the parameters. Their updates are left as they are.
    """
    kept = frozen(layouts, freeze)

    def stand_in(keeps: bool, layout: Layout, leaf: jax.Array) -> jax.Array:
        return jnp.zeros(leaf.shape[: layout.axes[:1] == ("layer",)], leaf.dtype) if keeps else leaf

    def seen(tree: Any) -> Any:
        return jax.tree.map(stand_in, kept, layouts, tree)

    def init(params: Any) -> Any:
        return rule.init(seen(params))

    def update(updates: Any, state: Any, params: Any = None) -> tuple[Any, Any]:
        made, state = rule.update(seen(updates), state, seen(params))
        return jax.tree.map(lambda keeps, old, new: old if keeps else new, kept, updates, made), state

    return optax.GradientTransformation(init, update)


def scale_by_depth(layouts: Layouts, decay: ArrayLike) -> optax.GradientTransformation:
    """Returns a link of a chain that multiplies updates by ``decay ^ (D - depth)``, D being the classifier's depth.

    Stacked layers have each its own depth (Clark et al. 2020; Bao et al. 2022, appendix).
    """
    top = max(layout.depth for layout in jax.tree.leaves(layouts))

    def scaled(update: jax.Array, layout: Layout) -> jax.Array:
        if layout.axes[:1] != ("layer",):
            return update * jnp.power(decay, top - layout.depth)
        below = top - layout.depth - jnp.arange(update.shape[0])
        return update * jnp.power(decay, below).reshape(-1, *[1] * (update.ndim - 1))

    def update(updates: Any, _: Any) -> Any:
        return jax.tree.map(scaled, updates, layouts)

    return optax.stateless(update)
