import numpy as np
import pytest

from nfdsl.analysis.bootstrap import Interval, Noise, noise, percentiles, redrawn


def test_the_spread_of_residuals_counts_the_constants():
    found = noise(np.array([1.0, -1.0, 1.0, -1.0]), 2)
    assert (found.spread, found.freedom) == (pytest.approx(2**0.5), 2)


def test_draws_scatter_around_the_law_as_widely_as_told():
    drawn, spreads = redrawn(np.zeros(4), np.empty((4, 0)), Noise(0.1, 1000), 2000)
    assert drawn.mean() == pytest.approx(0, abs=0.005)
    assert drawn.std() == pytest.approx(0.1, rel=0.03)
    assert spreads.mean() == pytest.approx(0.1, rel=0.01)


def test_the_best_of_near_rivals_scatters_as_widely_and_is_not_biased():
    drawn, _ = redrawn(np.zeros(4), np.full((4, 3), 0.001), Noise(0.1, 1000), 2000)
    assert drawn.mean() == pytest.approx(0, abs=0.005)
    assert drawn.std() == pytest.approx(0.1, rel=0.03)


def test_rivals_that_are_not_there_change_nothing():
    without, _ = redrawn(np.zeros(4), np.empty((4, 0)), Noise(0.1, 3), 100)
    absent, _ = redrawn(np.zeros(4), np.full((4, 2), np.inf), Noise(0.1, 3), 100)
    assert without.std() == pytest.approx(absent.std(), rel=0.2)


def test_without_scatter_every_draw_is_the_law():
    drawn, _ = redrawn(np.arange(3.0), np.full((3, 1), 0.1), Noise(0.0, 1), 10)
    assert np.all(drawn == np.arange(3.0))


def test_the_middle_95_of_100_draws():
    interval = percentiles(np.arange(1.0, 200.0))
    assert (interval.low, interval.high) == pytest.approx((5.0, 195.0))
    assert str(interval) == "5.0 to 200"


def test_the_ends_of_an_interval_are_told_apart():
    assert str(Interval(1.6172, 1.6831)) == "1.62 to 1.68"
    assert str(Interval(0.0513, 0.0608)) == "0.051 to 0.061"
    assert str(Interval(2.0, 2.0)) == "2.000 to 2.000"


def test_draws_without_bound_leave_an_interval_without_end():
    interval = percentiles(np.concatenate([np.arange(1.0, 190.0), np.full(10, np.inf)]))
    assert (interval.low, interval.high) == (5.0, np.inf)
    assert str(interval) == "5.000 to \N{INFINITY}"
