"""Budgets become exact lengths."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfdsl.length import core_hours, images_of, length
from nfdsl.schema.hardware import Hardware
from nfdsl.schema.units import Dimension, Quantity, quantity

V4 = Hardware(device="tpu_v4", topology=(8, 8, 8), mfu=0.4)
NO_WARMUP = quantity(0, Dimension.STEPS)


def images(budget: Quantity, hardware: Hardware = V4) -> int:
    return images_of(budget, examples=1_281_167, batch=4096, flops_per_image=Fraction(6 * 10**9), hardware=hardware)


@pytest.mark.parametrize(
    ("amount", "dimension", "expected"),
    [
        ("1", Dimension.EPOCHS, 1_281_167),
        ("0.1", Dimension.EPOCHS, 128_117),  # 128,116.7: half an image and more is an image
        ("1.5", Dimension.EPOCHS, 1_921_751),
        ("8", Dimension.EPOCHS, 10_249_336),
        ("1000", Dimension.IMAGES, 1000),
        ("5", Dimension.STEPS, 5 * 4096),
        ("6e12", Dimension.FLOPS, 1000),
        ("6.005e12", Dimension.FLOPS, 1000),  # no image that is not paid for whole
        # One core-hour of a v4 at 40 %: 3600 s x 137.5e12 x 0.4 / 6e9 images.
        ("1", Dimension.CORE_HOURS, 33_000_000),
        ("1", Dimension.CHIP_HOURS, 66_000_000),
    ],
)
def test_images_of(amount: str, dimension: Dimension, expected: int):
    assert images(quantity(Fraction(amount), dimension)) == expected


def test_hours_need_a_known_peak():
    with pytest.raises(ValueError, match="`cpu` is not known"):
        images(quantity(1, Dimension.CORE_HOURS), Hardware())
    assert core_hours(10**18, Hardware()) is None


def test_a_share_of_the_peak_is_the_decimal_that_was_written():
    assert images(quantity(1, Dimension.CORE_HOURS), replace(V4, mfu=0.35)) == 28_875_000


def test_core_hours_undo_images_of():
    assert core_hours(6 * 10**9 * 33_000_000, V4) == pytest.approx(1.0)


def test_the_published_pretraining_takes_7812500_steps():
    budget = quantity(8, Dimension.EPOCHS)
    size = length(
        images_of(budget, examples=4 * 10**9, batch=4096, flops_per_image=Fraction(1), hardware=V4),
        4096,
        NO_WARMUP,
        4 * 10**9,
    )
    assert (size.images, size.steps) == (32 * 10**9, 7_812_500)


@given(st.integers(1, 10**12), st.integers(1, 10**5))
def test_the_last_step_is_neither_dropped_nor_empty(count: int, batch: int):
    size = length(count, batch, NO_WARMUP, examples=1)
    assert (size.steps - 1) * batch < count <= size.steps * batch


@pytest.mark.parametrize(
    ("warmup", "expected"),
    [
        (quantity(5000, Dimension.STEPS), 5000),
        (quantity(1, Dimension.EPOCHS), 10),  # 1000 images in batches of 100
        (quantity(Fraction(1, 3), Dimension.EPOCHS), 4),  # 333 images: 4 steps cover them
        (quantity(101, Dimension.IMAGES), 2),
    ],
)
def test_warmup(warmup: Quantity, expected: int):
    assert length(10_000, 100, warmup, examples=1000).warmup_steps == expected


@pytest.mark.parametrize(
    ("between", "expected"),
    [
        (None, None),
        (quantity(5, Dimension.STEPS), 500),
        (quantity(Fraction(1, 3), Dimension.EPOCHS), 333),
        (quantity(101, Dimension.IMAGES), 101),
        (quantity(Fraction(1, 10**6), Dimension.EPOCHS), 1),
    ],
)
def test_images_between_evaluations(between: Quantity | None, expected: int | None):
    assert length(10_000, 100, NO_WARMUP, examples=1000, between=between).between_evaluations == expected
