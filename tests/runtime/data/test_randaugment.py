"""Tests of RandAugment's operations against their definitions on arrays."""

import numpy as np
import pytest
from PIL import Image

from nfdsl.schema.augmentation import RandAugment
from runtime.data.randaugment import Draw, transformed

NAMES = (
    *("autocontrast", "equalize", "invert", "posterize", "solarize", "solarize add", "color", "contrast"),
    *("brightness", "sharpness", "rotate", "shear x", "shear y", "translate x", "translate y", "cutout"),
)
PIXELS = np.random.default_rng(0).integers(20, 200, (256, 240, 3), np.uint8)


def after(name, magnitude, sign=0.0, across=0.5, down=0.5):
    draw = Draw((NAMES.index(name) + 0.5) / 16, sign, across, down)
    return np.asarray(transformed(Image.fromarray(PIXELS), RandAugment(1, magnitude), [draw]))


def blended(degenerate, factor):
    return np.clip(degenerate + factor * (PIXELS.astype(float) - degenerate), 0, 255)


GREY = np.asarray(Image.fromarray(PIXELS).convert("L"), float)[..., None]


@pytest.mark.parametrize(
    ("name", "magnitude", "expected"),
    [
        ("invert", 3, 255 - PIXELS),
        ("posterize", 10, PIXELS & 0b11110000),
        ("posterize", 15, PIXELS & 0b11111100),
        ("posterize", 30, PIXELS),
        ("posterize", 0, 0 * PIXELS),
        ("solarize", 5, np.where(PIXELS < 128, PIXELS, 255 - PIXELS)),
        ("solarize", 10, PIXELS),
        ("solarize add", 5, np.where(PIXELS < 128, PIXELS + 55, PIXELS)),
        ("solarize add", 20, np.where(PIXELS < 128, np.minimum(PIXELS + 220.0, 255), PIXELS)),
        ("brightness", 10, blended(0.0, 1.9)),
        ("color", 5, PIXELS),
        ("color", 10, blended(GREY, 1.9)),
        ("contrast", 0, blended(np.round(GREY.mean()), 0.1)),
        ("sharpness", 5, PIXELS),
        ("autocontrast", 0, (PIXELS - 20.0) * 255 / 179),
    ],
)
def test_colours_change_as_defined(name, magnitude, expected):
    np.testing.assert_allclose(after(name, magnitude).astype(float), expected, atol=1)


def test_solarizing_at_magnitude_10_inverts_nothing():
    white = Image.new("RGB", (4, 4), (255, 255, 255))
    solarize = Draw((NAMES.index("solarize") + 0.5) / 16, 0, 0, 0)
    assert transformed(white, RandAugment(1, 10), [solarize]) == white


def test_translations_are_in_pixels_and_fill_with_grey():
    right, left = after("translate x", 10, sign=0.9), after("translate x", 10)
    np.testing.assert_array_equal(right[:, 100:], PIXELS[:, :-100])
    np.testing.assert_array_equal(left[:, :-100], PIXELS[:, 100:])
    assert (right[:, :100] == 128).all()
    np.testing.assert_array_equal(after("translate y", 5)[:-50], PIXELS[50:])


def test_shears_move_each_row_or_column_by_its_place():
    sheared = after("shear x", 10)
    for row in (0, 50, 100):
        moved = int(0.3 * (row + 0.5) + 0.5)
        np.testing.assert_array_equal(sheared[row, : 240 - moved - 1], PIXELS[row, moved:][: 240 - moved - 1])
    assert not np.array_equal(after("shear y", 10), after("shear y", 10, sign=0.9))


def test_rotation_turns_about_the_centre_either_way():
    assert (after("rotate", 10)[0, 0] == 128).all()
    np.testing.assert_array_equal(after("rotate", 0), PIXELS)
    square = PIXELS[:240]
    for sign, turns in ((0.0, 1), (0.9, -1)):
        quarter = Draw((NAMES.index("rotate") + 0.5) / 16, sign, 0, 0)
        rotated = transformed(Image.fromarray(square), RandAugment(1, 30), [quarter])
        np.testing.assert_array_equal(np.asarray(rotated), np.rot90(square, turns))


def test_a_box_is_cut_out_around_its_centre():
    cut = after("cutout", 10, across=0.5, down=0.0)
    changed = (cut != PIXELS).any(axis=-1)
    np.testing.assert_array_equal(np.flatnonzero(changed.any(axis=1)), np.arange(40))
    np.testing.assert_array_equal(np.flatnonzero(changed.any(axis=0)), np.arange(80, 160))
    low = (after("cutout", 10, across=0.0, down=0.99) != PIXELS).any(axis=-1)
    np.testing.assert_array_equal(np.flatnonzero(low.any(axis=1)), np.arange(253 - 40, 256))


def test_an_equalized_image_uses_all_values_evenly():
    counts, _ = np.histogram(after("equalize", 0), bins=8, range=(0, 256))
    assert counts.min() > 0.1 * counts.max()


def test_operations_follow_each_other():
    draws = [Draw(NAMES.index(name) / 16, 0, 0, 0) for name in ("posterize", "invert")]
    image = transformed(Image.fromarray(PIXELS), RandAugment(2, 10), draws)
    np.testing.assert_array_equal(np.asarray(image), 255 - (PIXELS & 0b11110000))
