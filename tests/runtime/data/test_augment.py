import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.stats import kstest

from nfdsl.schema.augmentation import Augment, RandAugment
from runtime.data.augment import Chances, augmented, chances, crop, resized

NO_FIT = [[0.999, 0.0, 0.5, 0.5]] * 10  # as wide and as large as it gets
PLAIN = Augment(area=1.0, aspect=1.0, flip=False)
chance = st.floats(0, 1, exclude_max=True)


def views(count: int, seed: int = 0) -> list[Chances]:
    zeros = np.zeros(count, np.int64)
    return list(chances(seed, zeros, np.arange(count), zeros, 0))


def noise(width: int = 40, height: int = 30) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.integers(1, 600),
    st.integers(1, 600),
    st.floats(0.01, 1),
    st.floats(1, 4),
    st.lists(st.tuples(chance, chance, chance, chance), min_size=1, max_size=10),
)
def test_a_crop_lies_in_the_image_and_pillow_takes_it(
    width: int, height: int, area: float, aspect: float, attempts: list[tuple[float, ...]]
) -> None:
    left, top, right, bottom = box = crop(width, height, Augment(area=area, aspect=aspect), attempts)
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    Image.new("RGB", (width, height)).resize((4, 4), box=box)


def test_crops_have_the_stated_distribution() -> None:
    augment = Augment(area=0.08, aspect=4 / 3)
    left, top, right, bottom = np.array([crop(1, 1, augment, view.crops[:1]) for view in views(4_000)]).T
    small = (right - left) * (bottom - top) < 0.5  # all of these fit, whatever their aspect ratio
    left, top, width, height = left[small], top[small], (right - left)[small], (bottom - top)[small]
    tilt = np.log(width / height) / math.log(4 / 3)
    for drawn in ((width * height - 0.08) / 0.42, (tilt + 1) / 2, left / (1 - width), top / (1 - height)):
        assert kstest(drawn, "uniform").pvalue > 1e-3


@pytest.mark.parametrize("area", [0.08, 0.6, 1.0])
def test_square_crops_keep_a_share_between_the_smallest_and_all(area: float) -> None:
    boxes = np.array([crop(1, 1, Augment(area=area, aspect=1.0), view.crops[:1]) for view in views(4_000)])
    shares = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    assert shares.min() == pytest.approx(area, abs=1e-3)
    assert shares.max() == pytest.approx(1, abs=1e-3)
    assert shares.mean() == pytest.approx((area + 1) / 2, abs=0.02)


def test_a_crop_takes_the_first_attempt_that_fits() -> None:
    fits = [0.0, 0.5, 0.0, 0.0]
    augment = Augment(area=0.25, aspect=2.0)
    assert crop(100, 100, augment, [*NO_FIT[:9], fits]) == crop(100, 100, augment, [fits]) == (0, 0, 50, 50)


@pytest.mark.parametrize(
    ("width", "height", "box"),
    [(100, 100, (0, 0, 100, 100)), (400, 100, (100, 0, 300, 100)), (100, 400, (0, 100, 100, 300))],
)
def test_where_no_attempt_fits_the_centre_is_cropped(width: int, height: int, box: tuple[float, ...]) -> None:
    tall = [[0.999, 1.0, 0.5, 0.5]] * 10
    assert crop(width, height, Augment(area=0.99, aspect=2.0), tall if width > height else NO_FIT) == box


def test_without_random_changes_an_image_is_seen_whole() -> None:
    image = noise(30, 30)
    for view in views(5):
        assert np.array_equal(augmented(image, PLAIN, None, view, 12), resized(image, 12))


def test_an_image_of_the_right_size_stays_as_it_is() -> None:
    image = noise(30, 30)
    assert np.array_equal(resized(image, 30), np.asarray(image))


def test_a_flip_mirrors_left_and_right() -> None:
    image = noise(30, 30)
    flips = Augment(area=1.0, aspect=1.0, flip=True)
    whole = resized(image, 12)
    assert np.array_equal(augmented(image, flips, None, Chances(NO_FIT, 0.49, ()), 12), whole[:, ::-1])
    assert np.array_equal(augmented(image, flips, None, Chances(NO_FIT, 0.5, ()), 12), whole)
    assert np.array_equal(augmented(image, PLAIN, None, Chances(NO_FIT, 0.49, ()), 12), whole)


def test_operations_follow_the_flip():
    image, rule = noise(30, 30), RandAugment(1, 10)
    flips, inverts = Augment(area=1.0, aspect=1.0, flip=True), (2.5 / 16, 0, 0, 0)
    changed = augmented(image, flips, rule, Chances(NO_FIT, 0.49, [inverts]), 12)
    assert np.array_equal(changed, 255 - resized(image, 12)[:, ::-1])


def test_half_of_the_images_are_flipped() -> None:
    assert abs(np.mean([view.flip < 0.5 for view in views(4_000)]) - 0.5) < 0.03


def test_shrinking_does_not_alias() -> None:
    """Stripes one pixel wide become even gray, not stripes."""
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    assert np.ptp(resized(Image.fromarray(stripes), 16)[:, 2:-2].astype(int)) <= 2


def test_evaluation_sees_all_of_an_image_of_any_shape() -> None:
    assert resized(noise(40, 30), 16).shape == (16, 16, 3)
    halves = Image.new("RGB", (100, 10))
    halves.paste((255, 255, 255), (50, 0, 100, 10))
    pixels = resized(halves, 16)
    assert pixels[:, 0].max() == 0
    assert pixels[:, -1].min() == 255


def test_chances_are_those_of_the_view_whatever_else_is_asked() -> None:
    epochs, examples, shown = np.array([0, 1, 0, 0]), np.array([5, 5, 6, 5]), np.array([0, 0, 0, 1])
    drawn = list(chances(9, epochs, examples, shown, 2))
    assert len({(view.flip, view.crops[0][0]) for view in drawn}) == 4
    for row, view in enumerate(drawn):
        alone = slice(row, row + 1)
        assert [view] == list(chances(9, epochs[alone], examples[alone], shown[alone], 2))
    assert drawn != list(chances(10, epochs, examples, shown, 2))


def test_augmentation_never_changes() -> None:
    """Pins the randomness, not Pillow's arithmetic: a crop of coordinates, to the last digit."""
    (view,) = chances(0, np.array([2]), np.array([3]), np.array([1]), 0)
    assert crop(100, 80, Augment(), view.crops) == pytest.approx(
        (35.45993719752045, 17.86633671994178, 81.39890362524145, 73.16841239959568), abs=1e-9
    )
    assert view.flip == 0.9982086555537557
    assert len(view.crops) == 10  # attempts, as in Szegedy et al. 2015
