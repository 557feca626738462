"""A range goes on by its own ratio, exactly as if the spec had said so."""

import pytest

from nfdsl.extension import beyond
from nfdsl.study.landscape import Landscape

STUDY = """
data digits { source builtin(digits)
  classes 10
  holdout 100 images }
model net { depth [1]
  width [16]
  group_width 8 }
pretrain base { model net
  data digits
  budget 1 epochs
  batch 50 images
  resolution train 16px, eval 16px
  lr tune %s }
"""


@pytest.mark.parametrize(
    ("rates", "below", "above"),
    [
        ((0.1, 0.2, 0.4), (0.025, 0.05), (0.8, 1.6)),
        ((0.1, 0.4, 1.6), (0.00625, 0.025), (6.4, 25.6)),
        ((0.1, 0.3), (0.1 / 9, 0.1 / 3), (0.9, 2.7)),
        ((1.0, 2.0, 3.0), (0.25, 0.5), (4.5, 6.75)),  # the ratio at that end
        ((0.1,), (), ()),
    ],
)
def test_two_points_on_each_side(rates, below, above):
    assert beyond(rates, 2) == (below, above)


def test_none_where_none_is_asked_for():
    assert beyond((0.1, 0.2), 0) == ((), ())


def test_a_run_beyond_a_range_is_the_one_of_a_wider_range(planned):
    narrow, wide = planned(STUDY % "0.1 .. 0.4 by x2"), planned(STUDY % "0.025 .. 1.6 by x2")
    (cell,) = narrow.cells
    assert (*cell.below, *cell.runs, *cell.above) == wide.cells[0].runs
    assert [run.lr for run in narrow.extensions] == [0.025, 0.05, 0.8, 1.6]
    assert narrow.extensions == tuple(
        type(run)(**vars(run) | {"cell": cell.id}) for run in wide.runs if run.id not in cell.runs
    )
    assert planned(STUDY % "0.1").extensions == ()
    assert planned(STUDY % "0.1 .. 0.4 by x2 using grid(extend: 0)").extensions == ()


@pytest.mark.parametrize(
    ("other", "of_base", "of_other"),
    [
        ("lr 0.05", [0.1, 0.2, 0.4, 0.8, 1.6], [0.05]),
        ("lr 0.025", [0.05, 0.1, 0.2, 0.4, 0.8, 1.6], [0.025]),
        ("lr tune 0.8 .. 3.2 by x2", [0.025, 0.05, 0.1, 0.2, 0.4], [0.8, 1.6, 3.2, 6.4, 12.8]),
        ("lr tune 3.2 .. 6.4 by x2", [0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6], [3.2, 6.4, 12.8, 25.6]),
    ],
)
def test_a_range_goes_on_up_to_a_run_of_another_cell(planned, other: str, of_base, of_other):
    """Each run has one cell, or it would be missing from the optimum and the figures of one of them."""
    landscape = Landscape(planned(f"{STUDY % '0.1 .. 0.4 by x2'} pretrain other from base {{ {other} }}"))
    blocks = [
        [(landscape.runs[run].block, rate) for run, rate in zip(ladder.runs, ladder.rates, strict=True)]
        for ladder in landscape.ladders.values()
    ]
    assert blocks == [[("base", rate) for rate in of_base], [("other", rate) for rate in of_other]]
    assert len(landscape.runs) == len(of_base) + len(of_other)
