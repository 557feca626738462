import math

import pytest

from nfdsl.analysis.numerals import TIMES, chosen, duration, listed, power_of_ten, significant, superscript


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.012345, "0.0123"),
        (2.0, "2.00"),
        (9.996, "10.0"),
        (12345.0, "12,300"),
        (123456.0, f"1.23 {TIMES} 10⁵"),
        (9.999e13, f"1.00 {TIMES} 10¹⁴"),
        (2.5e-7, f"2.50 {TIMES} 10⁻⁷"),
        (math.inf, "\N{INFINITY}"),
        (-math.inf, "-\N{INFINITY}"),
        (math.nan, "unknown"),
    ],
)
def test_significant_digits(value, text):
    assert significant(value) == text


def test_numbers_someone_chose_have_no_trailing_zeros():
    assert [chosen(value) for value in (0.25, 8.0, 0.1, 1.6)] == ["0.25", "8", "0.1", "1.6"]
    assert chosen(1e-5) == f"1.00 {TIMES} 10⁻⁵"


def test_durations_have_two_units():
    assert [duration(seconds) for seconds in (4.23, 59.96, 185, 3599.6, 7621)] == [
        "4.2 s",
        "1 min 00 s",
        "3 min 05 s",
        "1 h 00 min",
        "2 h 07 min",
    ]


def test_lists_are_read_aloud():
    assert [listed(items) for items in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]


def test_powers_of_ten():
    assert superscript("-0.32") == "⁻⁰·³²"
    assert power_of_ten(1e14) == "10¹⁴"
    assert power_of_ten(2.5e-6) == f"2.5{TIMES}10⁻⁶"
