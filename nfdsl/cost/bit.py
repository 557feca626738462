"""The layers of residual networks of bottleneck blocks. Every normalisation has a gain and a bias for each channel."""

from collections.abc import Iterator

from nfdsl.cost.layer import Layer, convolution, linear, strided
from nfdsl.schema.bit import BiT, ResNet

_ROOT_STRIDES = (2, 2)  # of the 7x7 convolution, and of the max-pooling after it


def bit(model: BiT, classes: int, resolution: int) -> Iterator[Layer]:
    """Yields the layers that an image of `resolution` goes through."""
    yield _root(model, resolution)
    for inputs, width, stride, side in _blocks(model, resolution):
        yield _norm(inputs)
        yield from _bottleneck(model, inputs, width, stride, side)
    yield _norm(model.width[-1])
    yield linear(model.width[-1], classes)


def resnet(model: ResNet, resolution: int) -> Iterator[Layer]:
    """Yields the layers of a backbone."""
    yield _root(model, resolution)
    yield _norm(model.root_width)
    for inputs, width, stride, side in _blocks(model, resolution):
        yield from _bottleneck(model, inputs, width, stride, side)
        yield _norm(width)
        if inputs != width or stride > 1:
            yield _norm(width)  # of the shortcut


def _root(model: BiT | ResNet, resolution: int) -> Layer:
    return convolution(7, 3, model.root_width, strided(resolution, _ROOT_STRIDES[0]))


def _blocks(model: BiT | ResNet, resolution: int) -> Iterator[tuple[int, int, int, int]]:
    """Yields channels in, channels out and stride of each block, and the side of what it takes."""
    side, inputs = strided(strided(resolution, _ROOT_STRIDES[0]), _ROOT_STRIDES[1]), model.root_width
    for depth, width, stage_stride in zip(model.depth, model.width, model.stage_strides, strict=True):
        for block in range(depth):
            stride = 1 if block else stage_stride
            yield inputs, width, stride, side
            side, inputs = strided(side, stride), width


def _bottleneck(model: BiT | ResNet, inputs: int, outputs: int, stride: int, side: int) -> Iterator[Layer]:
    """Yields the convolutions of a block, and the normalisations between them."""
    inner, reduced = model.inner_width(outputs), strided(side, stride)
    yield convolution(1, inputs, inner, side)
    yield convolution(3, inner, inner, reduced)
    yield convolution(1, inner, outputs, reduced)
    yield _norm(inner) * 2
    if inputs != outputs or stride > 1:
        yield convolution(1, inputs, outputs, reduced)


def _norm(channels: int) -> Layer:
    return Layer(2 * channels)
