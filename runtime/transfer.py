"""What becomes of a network's classifier when its features are put to another use."""

from typing import Any

import jax
import jax.numpy as jnp

from runtime.parameters import Layout, Layouts, Parameters, in_classifier


def without_classifier(parameters: Parameters, layouts: Layouts) -> Parameters:
    """Returns `parameters` with None in place of the final classifier's weight and bias."""
    return jax.tree.map(lambda parameter, new: None if new else parameter, parameters, in_classifier(layouts))


def with_identity_classifier(parameters: Parameters, layouts: Layouts) -> Parameters:
    """Returns the parameters of a network whose answer is the features that `parameters` give to the classifier.

    Its weight becomes the identity matrix and its bias 0.
    """
    heads = zip(jax.tree.leaves(parameters), jax.tree.leaves(layouts), strict=True)
    (width,) = (head.shape[layout.axes.index("in")] for head, layout in heads if layout.role == "head")

    def replaced(parameter: Any, layout: Layout, is_classifier: bool) -> Any:
        if not is_classifier:
            return parameter
        return jnp.eye(width) if layout.role == "head" else jnp.zeros(width)

    return jax.tree.map(replaced, parameters, layouts, in_classifier(layouts))
