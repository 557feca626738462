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


def images_of(budget: Quantity, *, examples: int, batch: int, flops_per_image: Fraction, hardware: Hardware) -> int:
    """Returns the images a budget pays for.

    Args:
      budget: in epochs, images, steps, FLOPs, core-hours or chip-hours.
      examples: images in one epoch.
      batch: images in one step.
      flops_per_image: training FLOPs of one image, SAM's ascent included.
      hardware: what hours are counted on.

    Raises:
      ValueError: hours on hardware whose peak rate is unknown.
    """
    match budget.dimension:
        case Dimension.EPOCHS | Dimension.IMAGES | Dimension.STEPS:
            return _seen(budget, examples, batch)
        case Dimension.FLOPS:
            return floor(budget.amount / flops_per_image)
        case Dimension.CORE_HOURS:
            return floor(budget.amount * 3600 * _rate(hardware) / flops_per_image)
        case Dimension.CHIP_HOURS:
            cores = DEVICES[hardware.device].cores if hardware.device in DEVICES else 1
            return floor(budget.amount * cores * 3600 * _rate(hardware) / flops_per_image)
        case _:
            raise ValueError(f"a budget cannot be in {budget.unit}")


def length(images: int, batch: int, warmup: Quantity, examples: int, between: Quantity | None = None) -> Length:
    """Returns the exact length of a run of `images`.

    Args:
      batch: images in one step.
      warmup: rounded up to whole steps.
      examples: images in one epoch.
      between: what is trained on between two evaluations, if there are any before the end; one image at least.
    """
    warmup_steps = -(-_seen(warmup, examples, batch) // batch)
    between_evaluations = None if between is None else max(1, _seen(between, examples, batch))
    return Length(images, -(-images // batch), warmup_steps, between_evaluations)


def _seen(duration: Quantity, examples: int, batch: int) -> int:
    """Returns the images of a duration."""
    match duration.dimension:
        case Dimension.EPOCHS:
            return _half_up(duration.amount * examples)
        case Dimension.IMAGES:
            return _half_up(duration.amount)
        case _:
            return _half_up(duration.amount * batch)


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
