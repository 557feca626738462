"""What layers add to the parameters and the work of a network."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Layer:
    """What one layer, or several alike, adds to the sums."""

    parameters: int
    multiply_adds: int = 0

    def __mul__(self, count: int) -> "Layer":
        return Layer(self.parameters * count, self.multiply_adds * count)


def convolution(kernel: int, inputs: int, outputs: int, side: int, groups: int = 1) -> Layer:
    """Returns a convolution with square kernel and no bias, whose output has `side`."""
    weights = kernel**2 * (inputs // groups) * outputs
    return Layer(weights, weights * side**2)


def linear(inputs: int, outputs: int, times: int = 1) -> Layer:
    """Returns an affine map of vectors, of which there are so many."""
    return Layer(inputs * outputs + outputs, inputs * outputs * times)


def strided(side: int, stride: int) -> int:
    """Returns the side of what is left of an image's `side`, padded so that every pixel counts."""
    return -(-side // stride)
