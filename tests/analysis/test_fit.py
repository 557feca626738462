import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfdsl.analysis.fit import FitError, Interval, PowerLaw, fit_power_law

COMPUTE = np.geomspace(1e12, 1e16, 6)


@given(a=st.floats(1e-3, 1e6), b=st.floats(-0.5, 1.0))
def test_known_constants_are_recovered_without_noise(a, b):
    fit = fit_power_law(COMPUTE, PowerLaw(a, b).loss(COMPUTE))
    assert math.isclose(fit.law.a, a, rel_tol=1e-6)
    assert math.isclose(fit.law.b, b, abs_tol=1e-9)
    assert math.isclose(fit.exponent.low, b, abs_tol=1e-6)
    assert math.isclose(fit.exponent.high, b, abs_tol=1e-6)
    assert fit.points == 6


def test_the_scale_of_compute_does_not_matter():
    loss = np.array([3.0, 2.1, 1.9, 1.2, 1.1, 0.9])
    small, large = fit_power_law(COMPUTE, loss), fit_power_law(COMPUTE * 1e9, loss)
    assert math.isclose(small.law.b, large.law.b, rel_tol=1e-9)
    assert math.isclose(small.exponent.low, large.exponent.low, rel_tol=1e-9)


@pytest.mark.parametrize("points", [3, 6])
def test_the_interval_covers_the_true_exponent_in_about_95_of_100_studies(points):
    rng = np.random.default_rng(7)
    compute = np.geomspace(1e12, 1e16, points)
    covered = 0
    for _ in range(200):
        loss = PowerLaw(40.0, 0.1).loss(compute) * np.exp(0.02 * rng.standard_normal(points))
        interval = fit_power_law(compute, loss).exponent
        covered += interval.low <= 0.1 <= interval.high
    assert 0.91 <= covered / 200 <= 0.985


def test_the_interval_is_that_of_student_s_t():
    loss = PowerLaw(40.0, 0.1).loss(COMPUTE) * np.array([1.01, 0.98, 1.0, 1.03, 0.99, 1.0])
    fit = fit_power_law(COMPUTE, loss)
    x, y = np.log(COMPUTE), np.log(loss)
    (slope, _), covariance = np.polyfit(x, y, 1, cov=True)
    reach = 2.776 * math.sqrt(covariance[0, 0])  # 97.5% quantile with 4 degrees of freedom
    assert math.isclose(fit.law.b, -slope, rel_tol=1e-9)
    assert math.isclose(fit.exponent.high - fit.law.b, reach, rel_tol=0.03)


def test_the_same_points_give_the_same_interval():
    loss = np.array([3.0, 2.1, 1.9, 1.2, 1.1, 0.9])
    assert fit_power_law(COMPUTE, loss) == fit_power_law(COMPUTE, loss)


@pytest.mark.parametrize(
    ("compute", "loss", "says"),
    [
        ([], [], "at least 3 different amounts of compute; there are 0."),
        ([1e12, 1e13], [2.0, 1.0], "at least 3 different amounts of compute; there are 2."),
        ([1e12, 1e12, 1e12], [2.0, 1.0, 3.0], "at least 3 different amounts of compute; there is 1."),
        ([1e12, 1e13, 1e14], [2.0, 0.0, 1.0], "every loss to be a number above 0."),
        ([1e12, 1e13, 1e14], [2.0, math.nan, 1.0], "every loss to be a number above 0."),
        ([1e12, -1e13, 1e14], [2.0, 1.5, 1.0], "every compute to be a number above 0."),
    ],
)
def test_points_that_do_not_determine_a_law_are_refused_with_a_sentence(compute, loss, says):
    with pytest.raises(FitError, match=says):
        fit_power_law(np.array(compute, dtype=np.float64), np.array(loss, dtype=np.float64))


def test_a_law_is_written_as_people_write_it():
    assert str(PowerLaw(8194.0, 0.3151)) == "L = 8,200 C⁻⁰·³²".replace(" ", "\u00a0")
    assert str(Interval(0.2714, 0.38)) == "0.27 to 0.38"
