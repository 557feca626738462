"""RandAugment (Cubuk et al. 2020, arXiv 1909.13719) with the operations and magnitudes of NFNets.

Source of both: google-deepmind/deepmind-research, nfnets/{dataset,autoaugment}.py, after Brock et al. 2021,
appendix A.3. There it follows mixing; here it comes before, since images are mixed on the devices.
"""

from collections.abc import Sequence
from typing import NamedTuple

from PIL import Image, ImageEnhance, ImageOps

from nfdsl.schema.augmentation import RandAugment

_FILL = (128, 128, 128)
_ENHANCERS = (ImageEnhance.Color, ImageEnhance.Contrast, ImageEnhance.Brightness, ImageEnhance.Sharpness)


class Draw(NamedTuple):
    """The random numbers of one operation, each uniform in [0, 1)."""

    operation: float
    sign: float
    across: float
    down: float


def transformed(image: Image.Image, rule: RandAugment, draws: Sequence[Draw]) -> Image.Image:
    """Returns `image` after one operation for each of `draws`, each of the sixteen as likely.

    ========================  ============================================  ================================
    operation                 strength at magnitude 10                      sign
    ========================  ============================================  ================================
    rotate                    30 degrees                                    either
    shear x, y                0.3                                           either
    translate x, y            100 pixels                                    either
    cutout                    a box 80 pixels wide, anywhere
    posterize                 4 bits are kept, at 0 none
    solarize                  values from 256 on are inverted, at 0 all
    solarize add              110 is added to values below 128
    color, contrast,
    brightness, sharpness     factor 1.9, at 0 factor 0.1; 1 changes nothing
    autocontrast, equalize,
    invert                    without strength
    ========================  ============================================  ================================
    """
    for draw in draws:
        operation, level = int(draw.operation * 16), rule.magnitude / 10
        image = _recoloured(image, operation, level) if operation < 10 else _reshaped(image, operation, level, draw)
    return image


def _recoloured(image: Image.Image, operation: int, level: float) -> Image.Image:
    match operation:
        case 0:
            return ImageOps.autocontrast(image)
        case 1:
            return ImageOps.equalize(image)
        case 2:
            return ImageOps.invert(image)
        case 3:
            return _posterized(image, min(8, int(4 * level)))
        case 4:
            return ImageOps.solarize(image, int(256 * level))
        case 5:
            return _solarize_added(image, int(110 * level))
        case _:
            return _ENHANCERS[operation - 6](image).enhance(1.8 * level + 0.1)


def _reshaped(image: Image.Image, operation: int, level: float, draw: Draw) -> Image.Image:
    signed = level if draw.sign < 0.5 else -level
    match operation:
        case 10:
            return image.rotate(30 * signed, Image.Resampling.NEAREST, fillcolor=_FILL)
        case 11:
            return _moved(image, (1, 0.3 * signed, 0, 0, 1, 0))
        case 12:
            return _moved(image, (1, 0, 0, 0.3 * signed, 1, 0))
        case 13:
            return _moved(image, (1, 0, 100 * signed, 0, 1, 0))
        case 14:
            return _moved(image, (1, 0, 0, 0, 1, 100 * signed))
        case _:
            return _cut_out(image, int(40 * level), draw)


def _moved(image: Image.Image, inverse: tuple[float, ...]) -> Image.Image:
    """Returns an image whose pixel (x, y) is that at (a x + b y + c, d x + e y + f), for `inverse` (a, ..., f)."""
    return image.transform(image.size, Image.Transform.AFFINE, inverse, Image.Resampling.NEAREST, fillcolor=_FILL)


def _cut_out(image: Image.Image, reach: int, draw: Draw) -> Image.Image:
    """Returns an image with a grey box that reaches so far from a centre anywhere, cut off at the sides."""
    x, y = int(draw.across * image.width), int(draw.down * image.height)
    box = max(0, x - reach), max(0, y - reach), min(image.width, x + reach), min(image.height, y + reach)
    cut = image.copy()
    cut.paste(_FILL, box)
    return cut


def _posterized(image: Image.Image, bits: int) -> Image.Image:
    return image.point([value >> (8 - bits) << (8 - bits) for value in range(256)] * 3)  # Pillow's own refuses 0 bits


def _solarize_added(image: Image.Image, added: int) -> Image.Image:
    return image.point([min(255, value + added) if value < 128 else value for value in range(256)] * 3)
