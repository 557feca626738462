import json
from dataclasses import replace

import pytest

from nfdsl.schema.report import Figure
from nfdsl.schema.training import Monotone
from nfdsl.source import Source
from nfdsl.study.description import Description, describe, read_description
from nfdsl.study.directory import Unreadable


@pytest.fixture
def described(sketch, directory):
    """Writes the description of a plan with a figure and two cells, and returns it as it should be read."""
    sketch.cell("a")
    sketch.cell("b", tuner=Monotone(2), minimizing="holdout.error")
    figures = (Figure("loss_vs_compute", "scaling", "power_law"), Figure("optimal_lr", "scaling"))
    plan = replace(sketch.plan(), figures=figures)
    directory.path.mkdir()
    directory.study_json.write_text(describe(plan, Source("specs/x.nfx", "the spec")))
    return Description("test study", "the spec", "specs/x.nfx", figures, plan.cells)


def test_what_is_written_is_read_again(described, directory):
    assert read_description(directory) == described


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"study": 1}, '"study" should be text'),
        ({"figures": [{"kind": "pie", "of": "x", "fit": "none"}]}, "'pie' with fit 'none' is no figure"),
        ({"cells": [{"id": "a", "runs": ["r"], "tuner": "x", "minimizing": "holdout.loss"}]}, '"tuner" should be'),
        ({"cells": [{"id": "a", "runs": ["r"], "tuner": "grid", "minimizing": "x"}]}, '"minimizing" should be'),
        ({"cells": [{"id": "a", "runs": ["r"], "tuner": "monotone", "minimizing": "x"}]}, '"trials" is missing'),
    ],
)
def test_a_file_that_does_not_hold_what_it_should_is_named(described, directory, change, says):
    directory.study_json.write_text(json.dumps(json.loads(directory.study_json.read_text()) | change))
    with pytest.raises(Unreadable, match=r"study\.json.*" + says):
        read_description(directory)


def test_a_directory_without_a_study_is_named(directory):
    with pytest.raises(Unreadable, match=r"study\.json.*not the directory of a study"):
        read_description(directory)
