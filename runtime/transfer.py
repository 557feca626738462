"""Fine-tuning: what is kept of a trained network."""

import math
from typing import Any

import jax
import jax.numpy as jnp

from runtime.models.positions import resized
from runtime.parameters import Layout, Layouts, Parameters, in_classifier


def transferred(parameters: Parameters, layouts: Layouts, outline: Parameters) -> Parameters:
    """Returns what a network begins with that is fine-tuned from a trained one: nested like `outline`.

    None stands where it has values of its own: for the final classifier (the module that has a parameter of role
    "head", with all it has), and for what the trained network lacks. What that alone has is left out. Position
    embeddings are resized to the grid of the new network's training images.

    Args:
      parameters: of the trained network.
      layouts, outline: of the new network; outlines have shapes.
    """
    if any(isinstance(layout, Layout) and layout.role == "head" for layout in layouts.values()):
        return _none(outline)
    return {
        name: _kept(parameters[name], layout, outline[name]) if name in parameters else _none(outline[name])
        for name, layout in layouts.items()
    }


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


def with_rare_classes(parameters: Parameters, layouts: Layouts) -> Parameters:
    """Returns the parameters with the classifier's bias at -log(K), for K classes.

    So to the sigmoid of each logit a class is from the start as rare as one in K, where with a bias of 0 all of them
    would first have to be unlearned (Lin et al. 2017, section 3.3; big_vision's ``init_head_bias``: -6.9 for 1,000
    classes, -10 for 21,843).
    """

    def replaced(parameter: Any, layout: Layout, is_classifier: bool) -> Any:
        if not is_classifier or layout.role == "head":
            return parameter
        return jnp.full_like(parameter, -math.log(parameter.size))

    return jax.tree.map(replaced, parameters, layouts, in_classifier(layouts))


def _none(outline: Parameters) -> Parameters:
    """Returns None for each of the parameters."""
    return jax.tree.map(lambda _: None, outline)


def _kept(part: Any, layout: Layout | Layouts, outline: Any) -> Any:
    if not isinstance(layout, Layout):
        return transferred(part, layout, outline)
    return resized(part, *outline.shape[:2]) if layout.role == "position" else part
