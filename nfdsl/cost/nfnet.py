"""The layers of NFNets. Every convolution has a gain and a bias for each output channel."""

from collections.abc import Iterator

from nfdsl.cost.layer import Layer, convolution, linear, strided
from nfdsl.schema.model import NFNet


def nfnet(model: NFNet, classes: int, resolution: int) -> Iterator[Layer]:
    """Yields the layers that an image of `resolution` goes through."""
    side, inputs = resolution, 3
    for outputs, stride in zip(model.stem_widths, model.stem_strides, strict=True):
        side = strided(side, stride)
        yield from _convolution(3, inputs, outputs, side)
        inputs = outputs
    for depth, width, stride in zip(model.depth, model.width, model.stage_strides, strict=True):
        yield from _block(model, inputs, width, stride, side)
        side, inputs = strided(side, stride), width
        for layer in _block(model, width, width, 1, side):
            yield layer * (depth - 1)
    yield from _convolution(1, inputs, model.final_width, side)
    yield linear(model.final_width, classes)


def _block(model: NFNet, inputs: int, outputs: int, stride: int, side: int) -> Iterator[Layer]:
    """Yields the layers of a block that takes images of `side`; its 3x3 convolutions and what follows see fewer."""
    inner, groups, hidden = model.inner_width(outputs), model.groups(outputs), model.se_width(outputs)
    reduced = strided(side, stride)
    yield from _convolution(1, inputs, inner, side)
    for _ in range(2):
        yield from _convolution(3, inner, inner, reduced, groups)
    yield from _convolution(1, inner, outputs, reduced)
    if stride > 1 or inputs != outputs:
        yield from _convolution(1, inputs, outputs, reduced)
    yield linear(outputs, hidden)
    yield linear(hidden, outputs)
    yield Layer(1)  # the skip gain


def _convolution(kernel: int, inputs: int, outputs: int, side: int, groups: int = 1) -> Iterator[Layer]:
    yield convolution(kernel, inputs, outputs, side, groups)
    yield Layer(2 * outputs)  # gain and bias
