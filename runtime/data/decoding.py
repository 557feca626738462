"""Pillow's side of reading: from an image file to pixels."""

from typing import BinaryIO

from PIL import Image

from runtime.data.records import Unreadable


def decoded(file: str | BinaryIO, record: str) -> Image.Image:
    """Returns the image in `file` as RGB; what is transparent in it becomes white.

    Raises:
      Unreadable: it is no image, or a broken one; calls it `record`.
    """
    try:
        with Image.open(file) as image:
            return _opaque(image).convert("RGB")
    except Exception as error:  # Pillow's decoders raise whatever a broken file makes them trip over
        raise Unreadable(f"{record} cannot be read: {error}") from error


def _opaque(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image.convert("RGBA"))
