import math

import pytest

from nfdsl.analysis.laws import fitted, law_of, left_out, optimal
from nfdsl.analysis.points import FitError


def cell(record, compute, loss, best=0.2):
    """Returns the runs of one cell, whose best learning rate has the loss."""
    return [
        record(
            id=f"{compute:g}@{rate}",
            cell=f"{compute:g}",
            lr=rate,
            train_flops=compute,
            holdout_loss=loss * (1 + abs(math.log(rate / best))),
            tuned=rate == best,
        )
        for rate in (0.1, 0.2, 0.4)
    ]


def test_the_law_goes_through_the_compute_optimal_runs_alone(record):
    best = [record(id=f"{c:g}", cell=f"{c:g}", train_flops=c, holdout_loss=10 * c**-0.1) for c in (1e12, 1e13, 1e14)]
    wasteful = record(id="w", cell="w", train_flops=5e13, holdout_loss=5.0)
    unfinished = record(id="u", cell="u", train_flops=1e16, holdout_loss=None)
    assert [member.id for member in optimal([wasteful, unfinished, *best])] == [member.id for member in best]
    assert law_of([wasteful, unfinished, *best], "power").constants["b"] == pytest.approx(0.1)


def test_censored_optima_enter_no_law_and_are_counted(record):
    records = [run for c in (1e12, 1e13, 1e14) for run in cell(record, c, 10 * c**-0.1)]
    edge = cell(record, 1e15, 0.01, best=0.4)
    assert law_of([*records, *edge], "power").constants["b"] == pytest.approx(0.1)
    assert left_out(records) == ""
    assert left_out([*records, *edge]).startswith("1 of 4 tuned runs is left out")
    with pytest.raises(FitError, match=r"there are 2\. 1 of 3 tuned runs is left out"):
        law_of([*records[:6], *edge], "power")


def test_a_law_of_size_takes_all_tuned_runs(record):
    records = [
        record(id=f"{c}", cell=f"{c}", train_flops=c, holdout_loss=loss)
        for c, loss in ((1e12, 2.0), (1e13, 3.0), (1e14, 1.0))
    ]
    assert len(fitted(records, "parametric")) == 3
    assert len(fitted(records, "power")) == 2


def test_too_few_compute_optimal_runs_are_refused(record):
    with pytest.raises(FitError, match="there is 1"):
        law_of(
            [record(cell="a", train_flops=1e12, holdout_loss=1.0), record(train_flops=1e13, holdout_loss=2.0)], "power"
        )
