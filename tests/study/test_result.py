"""`result.json` as a value, and the metric of a run."""

import json

import pytest

from nfdsl.study.fields import Malformed
from nfdsl.study.result import Best, measured, measured_kept, parse_result

DONE = {
    "state": "done",
    "step": 10,
    "steps": 10,
    "train_loss": 1.5,
    "holdout_loss": 1.25,
    "top1": 0.75,
    "top5": 0.9,
    "examples_evaluated": 360,
    "seconds": 12.5,
    "images_per_second": 800.0,
}


def text(**changes: object) -> str:
    return json.dumps(DONE | changes)


def test_every_field_is_read():
    versions = {"jax": "0.10.2", "commit": "a1b2c3"}
    assert vars(parse_result(text(versions=versions, best=None))) == DONE | {
        "versions": versions,
        "best": None,
        "accuracies": {},
    }


def test_what_else_was_measured_is_known_by_name():
    assert parse_result(text(reassessed_top1=0.8, few_shot={"1": 0.25, "10": 0.5})).accuracies == {
        "reassessed": 0.8,
        "1-shot": 0.25,
        "10-shot": 0.5,
    }
    assert parse_result(text(reassessed_top1=None, few_shot=None)).accuracies == {}


def test_what_trained_an_older_result_is_not_known():
    assert parse_result(text()).versions == {}


def test_metrics_of_a_finished_run():
    result = parse_result(text())
    assert measured(result, "holdout.loss") == 1.25
    assert measured(result, "holdout.error") == 0.25


def test_where_the_best_weights_are_kept_a_fine_tune_begins_with_them():
    best = {"step": 6, "holdout_loss": 1.0, "top1": 0.5, "top5": 0.75}
    result = parse_result(text(best=best))
    assert result.best == Best(6, 1.0, 0.5)
    assert (measured(result, "holdout.loss"), measured_kept(result, "holdout.loss")) == (1.25, 1.0)
    assert (measured(result, "holdout.error"), measured_kept(result, "holdout.error")) == (0.25, 0.5)
    assert measured_kept(parse_result(text()), "holdout.loss") == 1.25


def test_a_diverged_run_has_no_metric_whatever_it_measured():
    result = parse_result(text(state="diverged"))
    assert measured(result, "holdout.loss") is None
    assert measured(result, "holdout.error") is None


def test_a_run_that_was_not_evaluated_has_no_metric():
    result = parse_result(text(holdout_loss=None, top1=None))
    assert measured(result, "holdout.loss") is None
    assert measured(result, "holdout.error") is None


def test_not_a_number_is_no_measurement():
    assert parse_result(text(holdout_loss=float("nan"))).holdout_loss is None


@pytest.mark.parametrize("name", DONE)
def test_a_missing_field_is_named(name: str):
    fields = {key: value for key, value in DONE.items() if key != name}
    with pytest.raises(Malformed, match=f'"{name}"'):
        parse_result(json.dumps(fields))


def test_an_unknown_state_is_refused():
    with pytest.raises(Malformed, match="exploded"):
        parse_result(text(state="exploded"))
