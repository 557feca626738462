"""The exact size and work of a network, counted from its architecture.

Work is counted in multiply-adds of convolutions and matrix products, padding included, as papers' "FLOPs" of NFNets
are; everything else a network does is left out. Training takes 6 FLOPs per multiply-add: 2, forward and twice back.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

from nfdsl.schema.model import Model, NFNet


@dataclass(frozen=True)
class Layer:
    """What one layer, or several alike, adds to the sums."""

    parameters: int
    multiply_adds: int

    def __mul__(self, count: int) -> "Layer":
        return Layer(self.parameters * count, self.multiply_adds * count)


def parameters(model: Model, classes: int) -> int:
    """Returns how many numbers are learned, the classifier of `classes` included."""
    return sum(layer.parameters for layer in _layers(model, classes, resolution=1))


def multiply_adds(model: Model, classes: int, resolution: int) -> int:
    """Returns the multiply-adds of classifying one square image with sides of `resolution` pixels."""
    return sum(layer.multiply_adds for layer in _layers(model, classes, resolution))


def _layers(model: Model, classes: int, resolution: int) -> Iterator[Layer]:
    match model:
        case NFNet():
            return _nfnet(model, classes, resolution)
        case _:
            assert_never(model)


def _nfnet(model: NFNet, classes: int, resolution: int) -> Iterator[Layer]:
    side, inputs = resolution, 3
    for outputs, stride in zip(model.stem_widths, model.stem_strides, strict=True):
        side = _strided(side, stride)
        yield _convolution(3, inputs, outputs, side)
        inputs = outputs
    for depth, width, stride in zip(model.depth, model.width, model.stage_strides, strict=True):
        yield from _block(model, inputs, width, stride, side)
        side, inputs = _strided(side, stride), width
        for layer in _block(model, width, width, 1, side):
            yield layer * (depth - 1)
    yield _convolution(1, inputs, model.final_width, side)
    yield _linear(model.final_width, classes)


def _block(model: NFNet, inputs: int, outputs: int, stride: int, side: int) -> Iterator[Layer]:
    """Yields the layers of a block that takes images of `side`; its 3x3 convolutions and what follows see fewer."""
    inner, groups, hidden = model.inner_width(outputs), model.groups(outputs), model.se_width(outputs)
    reduced = _strided(side, stride)
    yield _convolution(1, inputs, inner, side)
    yield _convolution(3, inner, inner, reduced, groups) * 2
    yield _convolution(1, inner, outputs, reduced)
    if stride > 1 or inputs != outputs:
        yield _convolution(1, inputs, outputs, reduced)
    yield _linear(outputs, hidden)
    yield _linear(hidden, outputs)
    yield Layer(parameters=1, multiply_adds=0)  # the skip gain


def _convolution(kernel: int, inputs: int, outputs: int, side: int, groups: int = 1) -> Layer:
    """A convolution with square kernel, whose output has `side`, and a gain and a bias for each output channel."""
    weights = kernel**2 * (inputs // groups) * outputs
    return Layer(weights + 2 * outputs, weights * side**2)


def _linear(inputs: int, outputs: int) -> Layer:
    return Layer(inputs * outputs + outputs, inputs * outputs)


def _strided(side: int, stride: int) -> int:
    """Returns the side of what SAME padding makes of an image's `side`."""
    return -(-side // stride)
