import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfdsl.optimum import optimum

GRID = [0.1 * 2**step for step in range(6)]


def parabola(best, rates=GRID, curvature=0.05):
    return [2.0 + curvature * math.log(rate / best) ** 2 for rate in rates]


@given(best=st.floats(0.15, 2.1), curvature=st.floats(1e-3, 1.0))
def test_the_vertex_of_a_parabola_in_log_rate_is_found(best, curvature):
    found = optimum(GRID, parabola(best, curvature=curvature))
    assert found.rate == pytest.approx(best, rel=1e-6)
    assert found.low <= found.rate <= found.high
    assert not found.censored
    assert found.bracketed


def test_three_points_have_the_outer_two_as_interval():
    found = optimum([0.1, 0.4, 1.6], parabola(0.3, [0.1, 0.4, 1.6]))
    assert found.rate == pytest.approx(0.3)
    assert (found.low, found.high, found.tried) == (0.1, 1.6, 0.4)


@pytest.mark.parametrize(("best", "edge"), [(0.02, "lowest"), (20.0, "highest")])
def test_an_optimum_at_the_end_of_the_grid_is_that_end_and_censored(best, edge):
    found = optimum(GRID, parabola(best))
    assert found.edge == edge
    assert found.censored
    assert found.rate == found.tried == (GRID[0] if edge == "lowest" else GRID[-1])


def test_a_diverged_run_above_bounds_the_optimum():
    found = optimum(GRID, [3.0, 2.5, 2.2, 2.1, 2.05, math.inf])
    assert not found.censored
    assert found.bracketed
    assert found.tried == GRID[4]
    assert GRID[3] <= found.rate <= GRID[5]


def test_the_end_is_an_end_where_all_below_it_diverged_too():
    assert optimum(GRID, [2.0, *[math.inf] * 5]).edge == "lowest"


def test_what_was_not_tried_leaves_the_optimum_unbracketed():
    found = optimum(GRID, [math.nan, math.nan, 2.1, 2.0, math.nan, math.nan])
    assert not found.bracketed
    assert not found.censored
    assert (found.rate, found.low, found.high) == (GRID[3], GRID[2], GRID[4])


def test_no_finite_loss_is_no_optimum():
    assert optimum(GRID, [math.inf] * 5 + [math.nan]) is None


def test_one_rate_is_not_the_end_of_a_grid():
    found = optimum([0.1], [2.0])
    assert (found.edge, found.rate, found.low, found.high) == (None, 0.1, 0.1, 0.1)


def test_at_a_tie_the_lower_rate_is_the_best():
    assert optimum(GRID, [3.0, 2.0, 2.0, 3.0, 3.0, 3.0]).tried == GRID[1]


def test_the_interval_holds_the_truth_in_95_of_100_noisy_grids():
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(400):
        found = optimum(GRID, np.array(parabola(0.5)) + 0.003 * rng.standard_normal(6))
        held += found.low <= 0.5 <= found.high
    assert held >= 0.94 * 400


def test_less_noise_gives_a_narrower_interval():
    noise = np.array([0.4, -0.7, 0.3, 0.5, -0.2, 0.1])
    wide, narrow = (optimum(GRID, np.array(parabola(0.5)) + scale * noise) for scale in (3e-3, 3e-5))
    assert narrow.high / narrow.low < wide.high / wide.low < GRID[4] / GRID[0] * 1.0001
