"""What a network costs, worked out from its architecture alone: exact parameters and multiply-adds.

Multiply-adds are those of convolutions and matrix products, squeeze-excite and classifier included,
for one image; FLOPs of a forward pass are twice that, of a training step six times.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

from nfdsl.schema.model import Model, NFNet


@dataclass(frozen=True)
class _Convolution:
    """A convolution with a gain and a bias for each output channel, at one output resolution."""

    side: int
    inputs: int
    outputs: int
    resolution: int
    groups: int = 1

    @property
    def parameters(self) -> int:
        return self._weights + 2 * self.outputs

    @property
    def multiply_adds(self) -> int:
        return self._weights * self.resolution**2

    @property
    def _weights(self) -> int:
        return self.side**2 * (self.inputs // self.groups) * self.outputs


@dataclass(frozen=True)
class _Linear:
    """A matrix product with a bias, once an image."""

    inputs: int
    outputs: int

    @property
    def parameters(self) -> int:
        return (self.inputs + 1) * self.outputs

    @property
    def multiply_adds(self) -> int:
        return self.inputs * self.outputs


_Layer = _Convolution | _Linear


def parameters(model: Model, classes: int) -> int:
    """Returns the number of trained parameters, the classifier's included."""
    match model:
        case NFNet():
            layers = sum(layer.parameters for layer in _nfnet(model, classes, model.stride))
            return layers + sum(model.depth)  # and each block's skip gain
        case _:
            assert_never(model)


def multiply_adds(model: Model, classes: int, resolution: int) -> int:
    """Returns the multiply-adds of one forward pass of one image of ``resolution x resolution`` pixels."""
    match model:
        case NFNet():
            return sum(layer.multiply_adds for layer in _nfnet(model, classes, resolution))
        case _:
            assert_never(model)


def _nfnet(model: NFNet, classes: int, resolution: int) -> Iterator[_Layer]:
    """Yields the layers of an NFNet; SAME padding rounds up where a stride does not divide (appendix C)."""
    width, side = 3, resolution
    for outputs, stride in zip(model.stem_widths, (2, 1, 1, 2), strict=True):
        side = -(-side // stride)
        yield _Convolution(3, width, outputs, side)
        width = outputs
    for depth, outputs, stride in zip(model.depth, model.width, model.stage_strides, strict=True):
        for block in range(depth):
            yield from _nfnet_block(model, width, outputs, side, stride if block == 0 else 1)
            side = -(-side // stride) if block == 0 else side
            width = outputs
    yield _Convolution(1, width, model.final_width, side)
    yield _Linear(model.final_width, classes)


def _nfnet_block(model: NFNet, inputs: int, outputs: int, side: int, stride: int) -> Iterator[_Layer]:
    inner, groups, reduced = model.inner_width(outputs), model.groups(outputs), -(-side // stride)
    yield _Convolution(1, inputs, inner, side)
    yield _Convolution(3, inner, inner, reduced, groups)
    yield _Convolution(3, inner, inner, reduced, groups)
    yield _Convolution(1, inner, outputs, reduced)
    if stride > 1 or inputs != outputs:
        yield _Convolution(1, inputs, outputs, reduced)
    yield _Linear(outputs, model.se_width(outputs))
    yield _Linear(model.se_width(outputs), outputs)
