"""Where blocks stand in a network."""

import numpy as np
import pytest

from runtime.models.place import places, stage_depths


def test_blocks_are_counted_over_all_stages_and_the_last_has_the_whole_rate():
    first, second = places((2, 3))
    assert first.block.tolist() + second.block.tolist() == [0, 1, 2, 3, 4]
    np.testing.assert_allclose(np.concatenate([first.depth, second.depth]), [0, 0.25, 0.5, 0.75, 1])


def test_a_single_block_has_none_of_the_rate():
    (only,) = places((1,))
    assert (only.block.tolist(), only.depth.tolist()) == ([0], [0])


@pytest.mark.parametrize(
    ("depth", "expected"),
    [
        ((1, 1), {"stage1": {"first": 1}, "stage2": {"first": 2}}),
        ((2, 3), {"stage1": {"first": 1, "blocks": 2}, "stage2": {"first": 3, "blocks": 4}}),
    ],
)
def test_depths_of_stages_count_their_blocks(depth, expected):
    assert stage_depths(depth) == expected
