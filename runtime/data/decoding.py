"""Pillow's side of reading: from an image file to pixels."""

from typing import BinaryIO

import numpy as np
from PIL import Image

from runtime.data.records import Unreadable


def decoded(file: str | BinaryIO, record: str) -> Image.Image:
    """Returns the image in `file` as RGB of 8 bits; what is transparent in it becomes white.

    Raises:
      Unreadable: it is no image, or a broken one, or has pixels of no known range; calls it `record`.
    """
    try:
        with Image.open(file) as image:
            return _opaque(_in_bytes(image)).convert("RGB")
    except Exception as error:  # Pillow's decoders raise whatever a broken file makes them trip over
        raise Unreadable(f"{record} cannot be read: {error}") from error


def _in_bytes(image: Image.Image) -> Image.Image:
    """Returns an image with the upper byte of grays of 16 bits, where Pillow would make all from 255 on white.

    It takes the upper byte of colours itself.
    """
    if image.mode.startswith("I;16") or (image.mode, image.format) == ("I", "PNG"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.mode in {"I", "F"}:
        raise ValueError("its pixels are numbers of 32 bits, and which of them is white is not known")
    return image


def _opaque(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image.convert("RGBA"))
