"""Fine-tuning: what is kept of a trained network."""

from typing import Any

from runtime.models.positions import resized
from runtime.parameters import Layout, Layouts, Parameters


def transferred(parameters: Parameters, layouts: Layouts, outline: Parameters) -> Parameters:
    """Returns what a network begins with that is fine-tuned from a trained one: nested like `outline`.

    None stands where it has values of its own: for the final classifier (the module that has a parameter of role
    "head", with all it has). What the trained network alone has is left out. Position embeddings are resized to the
    grid of the new network's training images.

    Args:
      parameters: of the trained network.
      layouts, outline: of the new network; outlines have shapes.
    """
    if any(isinstance(layout, Layout) and layout.role == "head" for layout in layouts.values()):
        return dict.fromkeys(outline)
    return {name: _kept(parameters[name], layout, outline[name]) for name, layout in layouts.items()}


def _kept(part: Any, layout: Layout | Layouts, outline: Any) -> Any:
    if not isinstance(layout, Layout):
        return transferred(part, layout, outline)
    return resized(part, *outline.shape[:2]) if layout.role == "position" else part
