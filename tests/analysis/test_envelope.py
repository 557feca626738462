import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nfdsl.analysis.envelope import envelope

POINTS = st.lists(st.tuples(st.integers(1, 8), st.integers(1, 8)), max_size=12)


@given(POINTS)
def test_a_point_is_on_the_envelope_exactly_if_none_of_as_little_compute_is_as_low(points):
    compute, loss = (np.array([point[axis] for point in points], dtype=np.float64) for axis in (0, 1))
    found = envelope(compute, loss).tolist()
    beaten = [
        any(
            c <= compute[i] and (loss[j] < loss[i] or (loss[j] == loss[i] and (c < compute[i] or j < i)))
            for j, c in enumerate(compute)
        )
        for i in range(len(points))
    ]
    assert sorted(found) == [i for i in range(len(points)) if not beaten[i]]
    assert compute[found].tolist() == sorted(compute[found])
    assert all(np.diff(loss[found]) < 0)


def test_a_point_that_costs_more_and_reaches_less_is_left_out():
    assert envelope(np.array([1.0, 2.0, 4.0]), np.array([3.0, 3.5, 2.0])).tolist() == [0, 2]
