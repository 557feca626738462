"""What each dimension measures, for people."""

from typing import assert_never

from nfdsl.schema.units import Dimension


def measured(dimension: Dimension) -> str:
    """Returns what a number of this dimension counts."""
    match dimension:
        case Dimension.NUMBER:
            return "a plain number"
        case Dimension.IMAGES:
            return "images; of a budget, views trained on"
        case Dimension.STEPS:
            return "steps of the optimizer, each on one batch"
        case Dimension.EPOCHS:
            return "passes over the training set"
        case Dimension.PIXELS:
            return "pixels along a side of an image"
        case Dimension.CHIP_HOURS:
            return "hours of one chip of the hardware"
        case Dimension.CORE_HOURS:
            return "hours of one core; a TPU v3 or v4 chip has two"
        case Dimension.FLOPS:
            return "floating-point operations of training, two for each multiply-add"
        case Dimension.BYTES:
            return "bytes of memory"
        case Dimension.SECONDS:
            return "seconds"
        case _:
            assert_never(dimension)
