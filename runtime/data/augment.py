"""What random crops and flips do to an image, and how images are brought to the network's size.

Resizing is bicubic and antialiased. Every random choice is a function of seed, epoch, example and view.
"""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from nfdsl.sampling.randomness import uniform
from nfdsl.schema.augmentation import Augment, RandAugment
from runtime.data.randaugment import Draw, transformed

_ATTEMPTS = 10  # Szegedy et al. 2015; Brock et al. 2021, dataset.py

Box = tuple[float, float, float, float]  # left, top, right, bottom, in pixels


class Chances(NamedTuple):
    """The random numbers of one view, each uniform in [0, 1)."""

    crops: Sequence[Sequence[float]]  # attempts x (area, aspect, left, top)
    flip: float
    operations: Sequence[Sequence[float]]  # RandAugment's layers x `Draw`


def chances(
    seed: int, epochs: NDArray[np.int64], examples: NDArray[np.int64], views: NDArray[np.int64], layers: int
) -> Iterator[Chances]:
    """Yields the random numbers of each view of each example [n] in its epoch, and of so many operations."""
    words = epochs[:, None, None], examples[:, None, None], views[:, None, None]
    crops = uniform(seed, "crop", *words, np.arange(_ATTEMPTS)[:, None], np.arange(4))
    flips = uniform(seed, "flip", epochs, examples, views)
    operations = uniform(seed, "randaugment", *words, np.arange(layers)[:, None], np.arange(4))
    return map(Chances, crops.tolist(), flips.tolist(), operations.tolist())


def augmented(
    image: Image.Image, augment: Augment, randaugment: RandAugment | None, drawn: Chances, side: int
) -> NDArray[np.uint8]:
    """Returns a random crop of `image`, mirrored or not, then changed further or not, as pixels [side, side, 3]."""
    box = crop(image.width, image.height, augment, drawn.crops)
    cropped = image.resize((side, side), Image.Resampling.BICUBIC, box)
    if augment.flip and drawn.flip < 0.5:
        cropped = cropped.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if randaugment is not None:
        cropped = transformed(cropped, randaugment, [Draw(*numbers) for numbers in drawn.operations])
    return np.asarray(cropped)


def resized(image: Image.Image, side: int) -> NDArray[np.uint8]:
    """Returns the whole of `image` as pixels [side, side, 3], its aspect ratio not kept.

    This is what evaluation sees. Published NFNets resize to ``side + 32`` and cut the rim away (Brock et al.
    2021, appendix A.3), which leaves 94% of the width at 480 pixels, but only half of it at 32.
    """
    return np.asarray(image.resize((side, side), Image.Resampling.BICUBIC))


def crop(width: int, height: int, augment: Augment, attempts: Sequence[Sequence[float]]) -> Box:
    """Returns the first random box that fits into the image; the `_centre` if none does.

    A box keeps a share of the image uniform in ``[area, 1]``, at an aspect ratio log-uniform in
    ``[1 / aspect, aspect]``, anywhere in the image (Szegedy et al. 2015, section 6). Its corners lie
    between pixels: at whole pixels an 8 x 8 image would have few crops.
    """
    for share, tilt, across, down in attempts:
        area = (augment.area + share * (1 - augment.area)) * width * height
        ratio = augment.aspect ** (2 * tilt - 1)
        box_width, box_height = math.sqrt(area * ratio), math.sqrt(area / ratio)
        if box_width <= width and box_height <= height:
            left, top = across * (width - box_width), down * (height - box_height)
            return left, top, left + box_width, top + box_height
    return _centre(width, height, augment.aspect)


def _centre(width: int, height: int, aspect: float) -> Box:
    """The largest box in the middle of the image whose aspect ratio is in [1 / aspect, aspect]."""
    ratio = min(max(width / height, 1 / aspect), aspect)
    box_width, box_height = min(width, height * ratio), min(height, width / ratio)
    left, top = (width - box_width) / 2, (height - box_height) / 2
    return left, top, left + box_width, top + box_height
