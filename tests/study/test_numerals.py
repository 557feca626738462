"""Times and measurements as a terminal shows them."""

import pytest

from nfdsl.study.numerals import clock, count, loss, percent, speed


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0:00"),
        (59.4, "0:59"),
        (59.6, "1:00"),
        (754, "12:34"),
        (3599.7, "1:00:00"),
        (11220, "3:07:00"),
        (359_999, "99:59:59"),
        (360_000, "4 days 4 h"),
    ],
)
def test_clock(seconds: float, text: str):
    assert clock(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"), [(None, ""), (2.0, "2.000"), (0.012344, "0.01234"), (123.456, "123.5"), (6.9077, "6.908")]
)
def test_loss(value: float | None, text: str):
    assert loss(value) == text


@pytest.mark.parametrize(("share", "text"), [(None, ""), (0.0, "0.0%"), (0.97777, "97.8%"), (1.0, "100.0%")])
def test_percent(share: float | None, text: str):
    assert percent(share) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (3.214, "3.21"), (987.6, "988"), (12_345, "12,300"), (999_999, "1,000,000"), (2.5e7, "25,000,000")],
)
def test_speed(value: float | None, text: str):
    assert speed(value) == text


def test_count():
    assert [count(number, "run") for number in (0, 1, 1234)] == ["0 runs", "1 run", "1,234 runs"]
