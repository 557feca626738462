import math

import pytest

from nfdsl.analysis.fit import FitError
from nfdsl.analysis.laws import fit_law, optimal


def test_the_law_goes_through_the_compute_optimal_runs_alone(record):
    best = [record(id=f"{c:g}", train_flops=c, holdout_loss=10 * c**-0.1) for c in (1e12, 1e13, 1e14, 1e15)]
    wasteful = record(id="w", train_flops=2e14, holdout_loss=5.0)
    unfinished = record(id="u", train_flops=1e16, holdout_loss=None)
    assert [member.id for member in optimal([wasteful, unfinished, *best])] == [member.id for member in best]
    assert math.isclose(fit_law([wasteful, unfinished, *best]).law.b, 0.1, rel_tol=1e-6)


def test_too_few_compute_optimal_runs_are_refused(record):
    with pytest.raises(FitError, match="there is 1"):
        fit_law([record(train_flops=1e12, holdout_loss=1.0), record(train_flops=1e13, holdout_loss=2.0)])
