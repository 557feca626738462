import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import least_squares

from nfdsl.analysis.bootstrap import noise
from nfdsl.analysis.fit import fit, fittable
from nfdsl.analysis.points import FitError, Points, rivals, unrivalled

COMPUTE = np.geomspace(1e12, 1e16, 6)
WIDE = np.geomspace(1e12, 1e17, 9)


def on_power_law(a, b, compute=COMPUTE):
    return unrivalled(compute, a * compute**-b)


def chinchilla(sizes, examples):
    """Returns the runs of every size and number of examples under the law of Hoffmann et al. 2022, section 3.3."""
    size, seen = map(np.ravel, np.meshgrid(sizes, examples))
    return unrivalled(6 * size * seen, 1.69 + 406.4 * size**-0.34 + 410.7 * seen**-0.28, size, seen)


@given(a=st.floats(1e-3, 1e6), b=st.floats(0.01, 1.0))
def test_a_power_law_is_recovered_without_noise(a, b):
    found = fit(on_power_law(a, b), "power")
    assert found.constants == pytest.approx({"a": a, "b": b}, rel=1e-6)
    assert found.intervals["b"].low == pytest.approx(b, abs=1e-6)
    assert found.intervals["b"].high == pytest.approx(b, abs=1e-6)
    assert found.points == 6
    assert found.leave_one_out == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("c", [0.0, 0.4, 1.9])
def test_an_irreducible_loss_is_recovered_without_noise(c):
    found = fit(unrivalled(WIDE, 3000 * WIDE**-0.25 + c), "saturating")
    assert found.constants == pytest.approx({"a": 3000, "b": 0.25, "c": c}, rel=1e-3, abs=1e-6)
    assert bool(found.notes) == (c == 0)


def test_a_law_that_levels_off_is_nearly_the_least_squares_of_log_loss():
    """Squares of errors that are relative to the measured loss, or of absolute ones, are off by three times as much."""
    loss = (3e6 * WIDE**-0.5 + 0.4) * np.exp(0.05 * np.random.default_rng(2).standard_normal(9))
    found, x = fit(unrivalled(WIDE, loss), "saturating").constants, np.log(WIDE / 1e14)

    def residuals(logs):
        return np.logaddexp(logs[0] - np.exp(logs[1]) * x, logs[2]) - np.log(loss)

    _, log_b, log_c = least_squares(residuals, np.log([0.3, 0.5, 0.4]), xtol=1e-12).x
    assert found["b"] == pytest.approx(np.exp(log_b), abs=0.003)
    assert found["c"] == pytest.approx(np.exp(log_c), abs=0.003)


def test_saturation_at_both_ends_is_recovered_without_noise():
    found = fit(unrivalled(WIDE, 3000 * (WIDE + 3e12) ** -0.25 + 0.4), "double")
    assert found.constants == pytest.approx({"a": 3000, "b": 0.25, "c": 0.4, "d": 3e12}, rel=1e-2)


def test_the_parametric_law_is_recovered_without_noise():
    found = fit(chinchilla(np.geomspace(1e7, 1e9, 4), np.geomspace(1e9, 1e11, 4)), "parametric")
    truth = {"E": 1.69, "A": 406.4, "B": 410.7, "alpha": 0.34, "beta": 0.28}
    assert found.constants == pytest.approx(truth, rel=1e-2)
    # N = G (C/6)^a and D = (C/6)^(1-a) / G: Hoffmann et al. 2022, eq. 4.
    G = (0.34 * 406.4 / (0.28 * 410.7)) ** (1 / 0.62)
    assert found.size.exponent == pytest.approx(0.28 / 0.62, rel=1e-2)
    assert found.size.coefficient == pytest.approx(G * 6 ** (-0.28 / 0.62), rel=1e-2)
    assert found.examples.coefficient == pytest.approx(6 ** (-0.34 / 0.62) / G, rel=1e-2)
    for trend, exponent in ((found.size, 0.28 / 0.62), (found.examples, 0.34 / 0.62)):
        assert (trend.interval.low, trend.interval.high) == pytest.approx((exponent, exponent), rel=1e-2)


def test_isoflop_parabolas_recover_the_compute_optimal_size_without_noise():
    compute, offset = map(np.ravel, np.meshgrid(np.geomspace(6e18, 3e21, 5), np.linspace(-1.4, 1.4, 5)))
    size = 0.6 * compute**0.45 * np.exp(offset)
    found = fit(unrivalled(compute, 2 + offset**2 / 20, size, compute / size / 6), "isoflop")
    assert found.size.exponent == pytest.approx(0.45, rel=1e-6)
    assert found.constants["examples_exponent"] == pytest.approx(0.55, rel=1e-6)


def test_the_intervals_of_what_is_compute_optimal_hold_it():
    compute, offset = map(np.ravel, np.meshgrid(np.geomspace(6e18, 3e21, 5), np.linspace(-1.4, 1.4, 5)))
    size = 0.6 * compute**0.45 * np.exp(offset)
    loss = (30 * compute**-0.05 + offset**2 / 20) * np.exp(0.002 * np.random.default_rng(0).standard_normal(25))
    found = fit(unrivalled(compute, loss, size, compute / size / 6), "isoflop")
    for name, truth in (("size_exponent", 0.45), ("examples_exponent", 0.55), ("loss_exponent", -0.05)):
        interval = found.intervals[name]
        assert interval.low < found.constants[name] < interval.high
        assert interval.low < truth < interval.high


def test_the_envelope_recovers_law_and_compute_optimal_size_without_noise():
    found = fit(chinchilla(np.geomspace(1e7, 1e9, 7), np.geomspace(1e9, 1e11, 8)), "envelope")
    assert found.constants["size_exponent"] == pytest.approx(0.28 / 0.62, rel=1e-2)
    assert found.constants["examples_exponent"] == pytest.approx(0.34 / 0.62, rel=1e-2)
    worse = unrivalled(np.repeat(COMPUTE, 2), np.ravel([[40 * c**-0.1, 50 * c**-0.1] for c in COMPUTE]))
    assert fit(worse, "envelope").constants["loss_exponent"] == pytest.approx(-0.1, rel=1e-6)


def test_the_scale_of_compute_does_not_matter():
    loss = np.array([3.0, 2.1, 1.9, 1.2, 1.1, 0.9])
    small, large = (fit(unrivalled(COMPUTE * scale, loss), "power").law for scale in (1, 1e9))
    assert small.constants["b"] == pytest.approx(large.constants["b"], rel=1e-9)
    assert small.intervals["b"].low == pytest.approx(large.intervals["b"].low, rel=1e-9)


def test_the_interval_is_that_of_student_s_t():
    loss = 40 * COMPUTE**-0.1 * np.array([1.01, 0.98, 1.0, 1.03, 0.99, 1.0])
    law = fit(unrivalled(COMPUTE, loss), "power").law
    x, y = np.log(COMPUTE), np.log(loss)
    (slope, _), covariance = np.polyfit(x, y, 1, cov=True)
    reach = 2.776 * math.sqrt(covariance[0, 0])  # 97.5% quantile with 4 degrees of freedom
    assert law.constants["b"] == pytest.approx(-slope, rel=1e-9)
    assert law.intervals["b"].high - law.constants["b"] == pytest.approx(reach, rel=0.06)
    assert law.constants["b"] - law.intervals["b"].low == pytest.approx(reach, rel=0.06)


def held(studies, form, name, truth):
    intervals = [fit(points, form).intervals[name] for points in studies]
    return sum(interval.low <= truth <= interval.high for interval in intervals) / len(intervals)


@pytest.mark.slow
@pytest.mark.parametrize("points", [3, 9])
def test_the_interval_holds_the_true_exponent_in_95_of_100_studies(points):
    rng = np.random.default_rng(0)
    compute = np.geomspace(1e12, 1e16, points)
    noisy = (np.exp(0.02 * rng.standard_normal(points)) for _ in range(500))
    assert 0.93 <= held([unrivalled(compute, 40 * compute**-0.1 * e) for e in noisy], "power", "b", 0.1) <= 0.97


@pytest.mark.slow
def test_the_interval_carries_the_choice_of_the_learning_rate():
    rng = np.random.default_rng(1)
    rates = np.array([0.08, 0.004, 0.0, 0.03, 0.2])
    studies: list[Points] = []
    for _ in range(60):
        losses = 40 * WIDE[:, np.newaxis] ** -0.1 * np.exp(rates + 0.01 * rng.standard_normal((9, 5)))
        studies.append(replace(unrivalled(WIDE, losses.min(axis=1)), rivals=rivals(losses.tolist())))
    assert held(studies, "power", "b", 0.1) >= 0.9  # of 500 in tests/benchmarks/law_coverage.py


def test_rivals_as_good_as_the_best_are_part_of_the_noise():
    loss = 40 * COMPUTE**-0.1 * np.array([1.01, 0.98, 1.0, 1.03, 0.99, 1.0])
    alone = unrivalled(COMPUTE, loss)
    near = replace(alone, rivals=rivals([[x, x * 1.001] for x in loss]))
    far = replace(alone, rivals=rivals([[x, x * 9] for x in loss]))
    widths = [fit(points, "power").intervals["b"] for points in (alone, far, near)]
    assert widths[0] != widths[2]
    assert widths[1].low == pytest.approx(widths[0].low, rel=0.05)


def test_the_same_points_give_the_same_interval():
    points = unrivalled(COMPUTE, [3.0, 2.1, 1.9, 1.2, 1.1, 0.9])
    assert fit(points, "power").intervals == fit(points, "power").intervals


def test_what_is_left_out_is_predicted_from_the_rest():
    points = unrivalled(COMPUTE, 40 * COMPUTE**-0.1 * np.array([1, 1, 1, 1, 1, 1.1]))
    found = fit(points, "power")
    assert [budget.points for budget in found.left_out] == [1] * 6
    assert found.left_out[-1].error == pytest.approx(1 - 1 / 1.1)
    assert fit(points.at(np.arange(3)), "power").leave_one_out is None


def test_the_error_of_what_is_left_out_is_over_all_points():
    found = fit(unrivalled([*COMPUTE, COMPUTE[-1]], [3.0, 2.1, 1.9, 1.2, 1.1, 0.9, 0.8]), "power")
    *others, last = (budget.error**2 for budget in found.left_out)
    assert found.left_out[-1].points == 2
    assert found.leave_one_out == pytest.approx(math.sqrt((sum(others) + 2 * last) / 7))


def test_a_prediction_beyond_the_points_is_marked():
    law = fit(on_power_law(40, 0.1), "power").law
    inside, beyond = law.predict(1e14), law.predict(1e17)
    assert inside.loss == pytest.approx(40 * 1e14**-0.1)
    assert (inside.outside, beyond.outside) == ((), ("compute",))
    parametric = fit(chinchilla(np.geomspace(1e7, 1e9, 4), np.geomspace(1e9, 1e11, 4)), "parametric").law
    assert parametric.predict(np.nan, 1e8, 1e12).outside == ("examples",)


def test_the_prediction_of_a_run_is_less_sure_than_the_law():
    points = unrivalled(COMPUTE, 40 * COMPUTE**-0.1 * np.array([1.01, 0.98, 1.0, 1.03, 0.99, 1.0]))
    law = fit(points, "power").law
    run, (low, high) = law.predict(1e14).interval, law.band(unrivalled([1e14], [1.0]))
    assert run.low < low[0] < high[0] < run.high


@pytest.mark.parametrize(
    ("compute", "loss", "says"),
    [
        ([], [], "at least 3 different amounts of compute; there are 0."),
        ([1e12, 1e13], [2.0, 1.0], "at least 3 different amounts of compute; there are 2."),
        ([1e12, 1e12, 1e12], [2.0, 1.0, 3.0], "at least 3 different amounts of compute; there is 1."),
        ([1e12, 1e13, 1e14], [2.0, 2.0, 2.0], "All 3 losses are the same"),
        ([1e12, 1e13, 1e14], [2.0, 0.0, 1.0], "every loss to be a number above 0."),
        ([1e12, 1e13, 1e14], [2.0, math.nan, 1.0], "every loss to be a number above 0."),
        ([1e12, -1e13, 1e14], [2.0, 1.5, 1.0], "every compute to be a number above 0."),
    ],
)
def test_points_that_do_not_determine_a_law_are_refused_with_a_sentence(compute, loss, says):
    with pytest.raises(FitError, match=says):
        fit(unrivalled(compute, loss), "power")


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ("saturating", "at least 4 different amounts of compute; there are 3. What can be fitted: power and envelope."),
        ("double", "at least 5 different amounts of compute; there are 3."),
        ("parametric", "needs the size and the examples of every run. What can be fitted: power and envelope."),
        ("isoflop", "need the size and the examples"),
    ],
)
def test_a_refusal_says_what_can_be_fitted(form, says):
    points = on_power_law(40, 0.1, COMPUTE[:3])
    with pytest.raises(FitError, match=says):
        fit(points, form)
    assert fittable(points) == ("power", "envelope")


def test_a_form_that_the_points_do_not_determine_is_noted():
    straight = fit(on_power_law(40, 0.1), "double")
    assert "The points show no sign of levelling off at small compute." in straight.notes
    narrow = chinchilla(np.geomspace(1e9, 1.1e9, 3), np.geomspace(1e9, 1e11, 3))
    noisy = replace(narrow, loss=narrow.loss * np.exp(0.02 * np.random.default_rng(0).standard_normal(9)))
    assert fit(noisy, "parametric").notes == ("The points do not determine this form: they leave alpha open.",)


def test_residuals_of_huber_s_loss_are_larger_than_the_scatter_they_are_from():
    exact = chinchilla(np.geomspace(1e7, 1e9, 6), np.geomspace(1e8, 1e10, 6))
    noisy = replace(exact, loss=exact.loss * np.exp(0.01 * np.random.default_rng(0).standard_normal(36)))
    law = fit(noisy, "parametric").law
    plain = noise(np.log(noisy.loss) - np.log(law.losses(noisy)), 5).spread
    assert 0.93 < np.median(law.spreads) / 1.011 / plain < 0.995  # 1.011: chi-squared's median is below its mean


def test_losses_that_rise_have_no_level_they_fall_to():
    with pytest.raises(FitError, match="do not fall with compute"):
        fit(unrivalled(COMPUTE, COMPUTE**0.1), "saturating")


@pytest.mark.parametrize(("form", "losses"), [("saturating", [2.0, 1.5, 1.0, 0.8]), ("double", [2, 1.5, 1, 0.8, 0.9])])
def test_one_degree_of_freedom_leaves_constants_within_wide_intervals(form, losses):
    found = fit(unrivalled(1e9 * 2.0 ** np.arange(len(losses)), losses), form)
    for name, interval in found.intervals.items():
        assert interval.low <= found.constants[name] <= interval.high < math.inf
    assert found.intervals["c"].high > 1.0
    assert math.isfinite(found.law.predict(1e12).interval.high)


def test_the_unit_of_loss_does_not_matter_to_a_law_that_levels_off():
    losses = 3000 * WIDE**-0.25 + 0.4 + 0.01 * (-1.0) ** np.arange(9)
    one, other = (fit(unrivalled(WIDE, unit * losses), "saturating").intervals["c"] for unit in (1, 1000))
    assert (other.low, other.high) == pytest.approx((1000 * one.low, 1000 * one.high))


def test_a_law_whose_computation_fails_is_refused_with_a_sentence():
    with pytest.raises(FitError, match=r"too far from a law of this form .* What can be fitted: power"):
        fit(unrivalled([1.0, 1e100, 1e200, 1e300], [2.0, 1.5, 1.4, 1.0]), "saturating")


def test_where_loss_rises_with_size_no_size_is_compute_optimal():
    points = chinchilla(np.geomspace(1e7, 1e9, 4), np.geomspace(1e9, 1e11, 4))
    with pytest.raises(FitError, match="no size is compute-optimal"):
        fit(replace(points, loss=points.loss * points.size**0.2), "parametric")
