"""Tests of result.json."""

import json
from dataclasses import replace
from importlib.metadata import version

import pytest

from runtime.results import Result, read_result, write_result

RESULT = Result("done", 9, 9, 0.25, 0.5, 0.875, 1.0, 64, 12.5, 320.0)


def test_a_result_is_read_as_it_was_written(tmp_path):
    write_result(tmp_path / "result.json", RESULT)
    assert read_result(tmp_path / "result.json") == RESULT


def test_a_run_without_a_result_is_not_complete(tmp_path):
    assert read_result(tmp_path / "result.json") is None


def test_the_keys_are_those_that_the_study_reads(tmp_path):
    write_result(tmp_path / "result.json", replace(RESULT, holdout_loss=None))
    content = json.loads((tmp_path / "result.json").read_text())
    assert content.pop("versions")["jax"] == version("jax")
    assert content == {
        "state": "done",
        "step": 9,
        "steps": 9,
        "train_loss": 0.25,
        "holdout_loss": None,
        "top1": 0.875,
        "top5": 1.0,
        "examples_evaluated": 64,
        "seconds": 12.5,
        "images_per_second": 320.0,
        "reassessed_top1": None,
        "few_shot": None,
        "best": None,
    }


def test_what_is_no_number_is_refused(tmp_path):
    with pytest.raises(ValueError, match="JSON compliant"):
        write_result(tmp_path / "result.json", replace(RESULT, holdout_loss=float("nan")))
    assert not (tmp_path / "result.json").exists()
