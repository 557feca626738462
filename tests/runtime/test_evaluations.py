"""Tests of evaluations.jsonl."""

import json

import pytest

from runtime.evaluate import Evaluation
from runtime.evaluations import Evaluated, Evaluations


def evaluated(step, loss, top1=0.5):
    return Evaluated(step, 0.25, Evaluation(loss, top1, 1.0, 97))


def written(path, *evaluations, restored=0, there=()):
    opened = Evaluations(path, restored, there)
    for one in evaluations:
        opened.add(one)
    opened.close()
    return opened


def test_a_line_says_the_step_and_what_was_measured(tmp_path):
    written(tmp_path / "lines", evaluated(7, 2.5))
    (line,) = map(json.loads, (tmp_path / "lines").read_text().splitlines())
    assert line == {
        "step": 7,
        "seconds": 0.25,
        "loss": 2.5,
        "top1": 0.5,
        "top5": 1.0,
        "examples": 97,
        "reassessed_top1": None,
    }


def test_a_run_that_goes_on_knows_its_evaluations_up_to_there(tmp_path):
    first, second = evaluated(7, 2.5), evaluated(14, 1.5)
    written(tmp_path / "lines", first, second)
    opened = written(tmp_path / "lines", restored=13)
    assert (opened.at(7), opened.at(14), opened.seconds) == (first, None, 0.25)
    assert len((tmp_path / "lines").read_text().splitlines()) == 1


@pytest.mark.parametrize(("by", "step"), [("holdout.loss", 14), ("holdout.error", 7)])
def test_the_best_is_by_its_metric_and_the_first_of_equals(tmp_path, by, step):
    opened = written(tmp_path / "lines", evaluated(7, 2.5, 0.75), evaluated(14, 1.5), evaluated(21, 1.5, 0.75))
    assert opened.best(by).step == step


def test_the_best_is_one_whose_weights_are_still_there(tmp_path):
    written(tmp_path / "lines", evaluated(7, 2.0), evaluated(14, 1.0), evaluated(21, 3.0))
    assert written(tmp_path / "lines", restored=21, there=[7, 21]).best("holdout.loss").step == 7
    assert written(tmp_path / "lines", restored=21, there=[]).best("holdout.loss") is None


def test_what_was_not_measured_is_not_the_best(tmp_path):
    opened = written(tmp_path / "lines", Evaluated(7, 0.25, Evaluation(None, None, None, 0)), evaluated(14, 9.0))
    assert opened.best("holdout.loss").step == 14
    assert opened.best("holdout.error").step == 14
