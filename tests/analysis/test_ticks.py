from hypothesis import given
from hypothesis import strategies as st

from nfdsl.analysis.ticks import log_ticks, tick_labels


@given(low=st.floats(1e-6, 1e24), ratio=st.floats(1.02, 1e12))
def test_every_range_has_three_to_eight_rising_ticks_within_it(low, ratio):
    high = low * ratio
    ticks = log_ticks(low, high)
    assert 3 <= len(ticks) <= 8
    assert list(ticks) == sorted(set(ticks))
    assert low * (1 - 1e-9) <= ticks[0]
    assert ticks[-1] <= high * (1 + 1e-9)
    assert len(set(tick_labels(ticks))) == len(ticks)


def test_wide_ranges_have_powers_of_ten_and_narrow_ones_equal_steps():
    assert log_ticks(3e12, 4e16) == (1e13, 1e14, 1e15, 1e16)
    assert log_ticks(8e10, 2e12) == (1e11, 2e11, 5e11, 1e12, 2e12)
    assert log_ticks(2.35, 3.3) == (2.4, 2.6, 2.8, 3.0, 3.2)


def test_labels_are_plain_where_that_is_short_and_powers_of_ten_elsewhere():
    assert tick_labels((0.25, 0.5, 1.0, 2.0, 4.0)) == ("0.25", "0.5", "1", "2", "4")
    assert tick_labels((2.5, 3.0, 3.5)) == ("2.5", "3.0", "3.5")
    assert tick_labels((1e11, 2e11, 1e12)) == ("10¹¹", "2\N{MULTIPLICATION SIGN}10¹¹", "10¹²")
    assert tick_labels((1e-5, 1e-4, 1e-3)) == ("10⁻⁵", "10⁻⁴", "10⁻³")
