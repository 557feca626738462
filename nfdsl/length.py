"""From a budget to an exact number of images and steps.

A budget counts views: with ``repeat K`` an epoch of budget shows each image K times as often in a
K-th of the passes, so the compute stays. Fractions of an image round half up, once:
``0.1 epochs`` of 1,281,167 images is 128,117 images. The last step takes what is left over.
"""

from fractions import Fraction
from math import floor

from nfdsl.schema.hardware import DEVICES, Hardware
from nfdsl.schema.run import Length
from nfdsl.schema.units import Dimension, Quantity


def images_of(budget: Quantity, *, examples: int, batch: int, flops_per_image: int, hardware: Hardware) -> int:
    """Returns the images a budget pays for.

    Args:
      budget: in epochs, images, steps, FLOPs, core-hours or chip-hours.
      examples: images in one epoch.
      batch: images in one step.
      flops_per_image: training FLOPs of one image.
      hardware: what hours are counted on.

    Raises:
      ValueError: hours on hardware whose peak rate is unknown.
    """
    match budget.dimension:
        case Dimension.EPOCHS:
            return _half_up(budget.amount * examples)
        case Dimension.IMAGES:
            return _half_up(budget.amount)
        case Dimension.STEPS:
            return _half_up(budget.amount * batch)
        case Dimension.FLOPS:
            return floor(budget.amount / flops_per_image)
        case Dimension.CORE_HOURS:
            return floor(budget.amount * 3600 * _rate(hardware) / flops_per_image)
        case Dimension.CHIP_HOURS:
            cores = DEVICES[hardware.device].cores if hardware.device in DEVICES else 1
            return floor(budget.amount * cores * 3600 * _rate(hardware) / flops_per_image)
        case _:
            raise ValueError(f"a budget cannot be in {budget.unit}")


def length(images: int, batch: int, warmup: Quantity, examples: int) -> Length:
    """Returns the exact length of a run of `images`, its warm-up rounded up to whole steps."""
    match warmup.dimension:
        case Dimension.EPOCHS:
            warmup_steps = -(-_half_up(warmup.amount * examples) // batch)
        case Dimension.IMAGES:
            warmup_steps = -(-_half_up(warmup.amount) // batch)
        case _:
            warmup_steps = _half_up(warmup.amount)
    return Length(images, -(-images // batch), warmup_steps)


def core_hours(flops: int, hardware: Hardware) -> float | None:
    """Returns the core-hours `flops` take at the hardware's peak times its MFU; none where no peak is known."""
    return float(flops / _rate(hardware) / 3600) if hardware.device in DEVICES else None


def _rate(hardware: Hardware) -> Fraction:
    """Returns model FLOPs a second of one core."""
    if hardware.device not in DEVICES:
        raise ValueError(f"the peak rate of `{hardware.device}` is not known, so hours on it cannot be counted")
    device = DEVICES[hardware.device]
    return Fraction(device.flops_per_second) / device.cores * Fraction(str(hardware.mfu))


def _half_up(amount: Fraction) -> int:
    return floor(amount + Fraction(1, 2))
