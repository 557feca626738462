"""Fine-tuning: what is kept of a trained network."""

from typing import Any

from runtime.parameters import Layout, Layouts, Parameters


def without_classifier(parameters: Parameters, layouts: Layouts) -> Parameters:
    """Returns `parameters` with None in place of the final classifier's weight and bias.

    The classifier is the module that has a parameter of role "head", with all it has.
    """
    if any(isinstance(layout, Layout) and layout.role == "head" for layout in layouts.values()):
        return dict.fromkeys(parameters)
    return {name: _kept(parameters[name], layout) for name, layout in layouts.items()}


def _kept(part: Any, layout: Layout | Layouts) -> Any:
    return part if isinstance(layout, Layout) else without_classifier(part, layout)
