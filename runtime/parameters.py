"""What a parameter is: its value, the names of its axes and its role.

Sharding, the units of gradient clipping, weight decay and its exceptions all follow from these
two facts, which are said once, where the parameter is made.
"""

from dataclasses import dataclass, replace
from typing import Any, Literal

import jax
from flax import nnx

Role = Literal["kernel", "gain", "bias", "head", "position"]
Parameters = dict[str, Any]  # nested, arrays at the leaves
Layouts = dict[str, Any]  # nested alike, `Layout`s at the leaves
Depths = dict[str, Any]  # nested alike or less deep, numbers at the leaves


@dataclass(frozen=True)
class Layout:
    """How to read a parameter.

    `axes` names its axes in order, of "layer", "height", "width", "in" and "out". `role` is "head" for the
    kernel of the final classifier, "kernel" for every other weight, "gain" for what scales, "bias" for what shifts,
    "position" for what shifts each place of the image (and is resized with it) by an amount of its own.
    `depth` counts layers from the image's side, 0, to the classifier; of stacked layers it is the first one's.
    """

    axes: tuple[str, ...]
    role: Role
    depth: int = 0


class Parameter(nnx.Param[jax.Array]):
    """A learned array and its layout."""

    def __init__(self, value: jax.Array, *axes: str, role: Role):
        """Raises ValueError unless there is one name for each axis of `value`."""
        if len(axes) != value.ndim:
            raise ValueError(f"{value.ndim} axes of shape {value.shape} cannot be called {axes}")
        super().__init__(value, layout=Layout(axes, role))

    @property
    def layout(self) -> Layout:
        return self.get_metadata("layout")

    def stacked(self) -> "Parameter":
        """Returns this parameter with its leading axis, one that `jax.vmap` has added, named "layer"."""
        return Parameter(self[...], "layer", *self.layout.axes, role=self.layout.role)


def values(module: nnx.Module) -> Parameters:
    """Returns the arrays of a module's parameters, nested as its attributes are."""
    return nnx.to_pure_dict(nnx.state(module, Parameter))


def layouts(module: nnx.Module) -> Layouts:
    """Returns the layouts of a module's parameters, nested like `values`."""
    return nnx.to_pure_dict(nnx.state(module, Parameter), lambda parameter: parameter.layout)


def placed(layouts: Layouts, depths: Depths) -> Layouts:
    """Returns the layouts with the depth of each; one number in `depths` may stand for a whole module."""
    return jax.tree.map(
        lambda depth, part: jax.tree.map(lambda layout: replace(layout, depth=depth), part), depths, layouts
    )


def in_classifier(layouts: Layouts) -> dict[str, Any]:
    """Returns whether each parameter is the final classifier's: of the module that has a parameter of role "head"."""
    if any(isinstance(layout, Layout) and layout.role == "head" for layout in layouts.values()):
        return jax.tree.map(lambda _: True, layouts)
    return {name: False if isinstance(part, Layout) else in_classifier(part) for name, part in layouts.items()}
