import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from runtime.data.decoding import decoded
from runtime.data.records import DataError


def saved(image: Image.Image, kind: str = "PNG") -> io.BytesIO:
    file = io.BytesIO()
    image.save(file, kind)
    file.seek(0)
    return file


def test_colours_come_back_unchanged(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    image = decoded(str(tmp_path / "a.png"), "record 0")
    assert image.mode == "RGB"
    assert np.array_equal(np.asarray(image), pixels)


def test_gray_becomes_three_equal_channels() -> None:
    image = decoded(saved(Image.new("L", (2, 2), 77)), "record 0")
    assert image.getpixel((1, 1)) == (77, 77, 77)


def test_cmyk_becomes_rgb() -> None:
    assert decoded(saved(Image.new("CMYK", (2, 2)), "JPEG"), "record 0").mode == "RGB"


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_grays_of_16_bits_keep_their_upper_byte(kind: str) -> None:
    grays = np.array([[0, 255, 256, 40_000, 65_535]], np.uint16)
    image = decoded(saved(Image.fromarray(grays), kind), "record 0")
    assert np.array_equal(np.asarray(image)[0, :, 0], [0, 0, 1, 156, 255])
    assert image.mode == "RGB"


@pytest.mark.parametrize("pixels", [np.zeros((1, 1), np.int32), np.zeros((1, 1), np.float32)])
def test_pixels_of_no_known_range_are_a_data_error(pixels: np.ndarray) -> None:
    with pytest.raises(DataError, match=r"^record 0 cannot be read: its pixels are numbers of 32 bits"):
        decoded(saved(Image.fromarray(pixels), "TIFF"), "record 0")


def test_what_is_transparent_becomes_white() -> None:
    clear = Image.new("RGBA", (2, 1), (0, 0, 0, 0))
    clear.putpixel((1, 0), (200, 0, 0, 255))
    image = decoded(saved(clear), "record 0")
    assert [image.getpixel((0, 0)), image.getpixel((1, 0))] == [(255, 255, 255), (200, 0, 0)]


def test_a_transparent_palette_becomes_white_too() -> None:
    palette = Image.new("RGB", (1, 1), (9, 9, 9)).quantize(2)
    file = io.BytesIO()
    palette.save(file, "PNG", transparency=palette.getpixel((0, 0)))
    assert decoded(io.BytesIO(file.getvalue()), "record 0").getpixel((0, 0)) == (255, 255, 255)


def test_broken_images_are_data_errors_that_name_the_record() -> None:
    rng = np.random.default_rng(0)
    for kind in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"):
        whole = saved(Image.fromarray(rng.integers(0, 256, (40, 40, 3), np.uint8)), kind).getvalue()
        with pytest.raises(DataError, match=r"^record 17 \(a/b\) cannot be read: "):
            decoded(io.BytesIO(whole[: len(whole) // 2]), "record 17 (a/b)")


def test_what_is_no_image_is_a_data_error() -> None:
    with pytest.raises(DataError, match=r"^record 17 cannot be read: "):
        decoded(io.BytesIO(b"no image"), "record 17")
