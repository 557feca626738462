import json
from dataclasses import replace

import pytest

from nfdsl.schema.report import Figure
from nfdsl.schema.training import Monotone
from nfdsl.source import Source
from nfdsl.study.description import Description, Imported, describe, read_description
from nfdsl.study.directory import Unreadable
from nfdsl.study.landscape import Landscape

CELL = {
    "id": "a",
    "runs": ["r"],
    "lrs": [0.1],
    "below": 0,
    "above": 0,
    "tuner": "grid",
    "extend": 0,
    "minimizing": "holdout.loss",
    "leans_on": [],
    "small": False,
}


@pytest.fixture
def described(sketch, directory):
    """Writes the description of a plan with a figure and two cells, and returns it as it should be read."""
    sketch.cell("a")
    sketch.cell("b", images=200, tuner=Monotone(2, 1), extend=1, minimizing="holdout.error")
    figures = (Figure("loss_vs_compute", "scaling", "power_law"), Figure("optimal_lr", "scaling"))
    plan = replace(sketch.plan(), figures=figures)
    directory.path.mkdir()
    imports, assignments = (Source("specs/base.nfx", "what it shares"),), ("scaling.batch=64 images",)
    read = (Imported("specs/base.nfx", "what it shares"),)
    directory.study_json.write_text(describe(plan, Source("specs/x.nfx", "the spec"), imports, assignments))
    ladders = tuple(Landscape(plan).ladders.values())
    return Description("test study", "the spec", "specs/x.nfx", read, assignments, figures, ladders)


def test_what_is_written_is_read_again(described, directory):
    assert read_description(directory) == described


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"study": 1}, '"study" should be text'),
        ({"figures": [{"kind": "pie", "of": "x", "fit": "none"}]}, "'pie' with fit 'none' is no figure"),
        ({"imports": [{"path": "x"}]}, '"text" is missing'),
        ({"cells": [CELL | {"tuner": "x"}]}, '"tuner" should be'),
        ({"cells": [CELL | {"minimizing": "x"}]}, '"minimizing" should be'),
        ({"cells": [CELL | {"tuner": "monotone"}]}, '"trials" is missing'),
        ({"cells": [CELL | {"lrs": ["0.1"]}]}, '"lrs" should be a list of numbers'),
    ],
)
def test_a_file_that_does_not_hold_what_it_should_is_named(described, directory, change, says):
    directory.study_json.write_text(json.dumps(json.loads(directory.study_json.read_text()) | change))
    with pytest.raises(Unreadable, match=r"study\.json.*" + says):
        read_description(directory)


def test_a_directory_without_a_study_is_named(directory):
    with pytest.raises(Unreadable, match=r"study\.json.*not the directory of a study"):
        read_description(directory)
