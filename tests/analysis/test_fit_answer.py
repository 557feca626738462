import json

import numpy as np
import pytest

from nfdsl.analysis.fit_answer import WrongQuestion, answer, parse_question, to_json, to_text
from nfdsl.analysis.forms import FORMS
from nfdsl.analysis.points import FitError
from nfdsl.cli import main


@pytest.fixture
def table(tmp_path):
    """A table of sizes and examples whose compute-optimal loss is no power law, and one that is."""
    path = tmp_path / "points.csv"
    rows = [f"{c:g},{c / 6e3:g},1000,{40 * c**-0.1}" for c in np.geomspace(1e12, 1e16, 6)]
    path.write_text("\n".join(["compute,examples,params,loss", *rows]))
    return path


def asked(source, *questions, form="power", **options):
    return answer(source, form, [parse_question(text) for text in questions], **options)


def test_the_json_has_the_keys_that_are_promised(table):
    said = json.loads(to_json(asked(table, "compute=1e15", "compute=1e20")))
    assert list(said)[:5] == ["form", "constants", "intervals", "points", "leave_one_out"]
    assert said["constants"] == pytest.approx({"a": 40, "b": 0.1}, rel=1e-4)
    assert said["intervals"]["b"] == pytest.approx([0.1, 0.1], rel=1e-4)
    assert (said["points"], said["leave_one_out"]) == (6, pytest.approx(0, abs=1e-4))
    inside, beyond = said["predictions"]
    assert inside["loss"] == pytest.approx(40 * 1e15**-0.1, rel=1e-4)
    assert (inside["extrapolation"], beyond["extrapolation"], beyond["outside"]) == (False, True, ["compute"])


def test_people_are_told_constants_errors_and_predictions(table):
    said = to_text(asked(table, "params=1e4,examples=1e13"))
    assert said.startswith("power: L = 40 C⁻⁰·¹   (6 points)")
    assert "  b          0.1000   95% interval 0.100 to 0.100" in said
    assert "budgets left out are predicted with an error of" in said
    assert said.splitlines()[-2].startswith("params=1e4,examples=1e13: loss")
    assert said.splitlines()[-2].endswith("an extrapolation in compute")


def test_a_study_is_fitted_and_asked_by_model_and_epochs(study):
    found = asked(study.path, "model=L,epochs=2")
    assert found.fit.law.constants["b"] == pytest.approx(0.15, rel=1e-6)
    assert found.size_name == "macs_per_image"
    ((_, prediction),) = found.predictions
    assert prediction.outside == ()


@pytest.mark.parametrize("question", ["params=1e4,examples=1e13", "params=1e4,compute=1e15"])
def test_a_law_of_compute_says_that_it_does_not_know_the_size_it_was_asked_of(table, question):
    found = asked(table, question, "compute=1e15")
    sized, plain = json.loads(to_json(found))["predictions"]
    assert "not of the size given; --form parametric knows sizes." in sized["note"]
    assert plain["note"] == ""
    assert to_text(found).count(sized["note"]) == 1


def test_a_model_s_size_does_not_count_in_a_law_of_compute_and_does_in_one_of_size(study, tmp_path):
    sized = json.loads(to_json(asked(study.path, "model=L,epochs=2")))["predictions"][0]
    assert "compute-optimal network" in sized["note"]
    table = tmp_path / "sizes.csv"
    rows = [f"{n},{d},{2 + 400 * n**-0.3 + 400 * d**-0.3}" for n in (1e6, 1e7, 1e8) for d in (1e6, 1e7, 1e8)]
    table.write_text("\n".join(["params,examples,loss", *rows]))
    known = json.loads(to_json(asked(table, "params=1e7,examples=1e8", form="parametric")))["predictions"][0]
    assert (known["note"], known["loss"]) == ("", pytest.approx(2 + 400 * 1e7**-0.3 + 400 * 1e8**-0.3, rel=1e-3))


def test_unfinished_runs_of_a_study_are_told(study, plan):
    for run in plan.runs:
        study.result_json(run.id).unlink()
    with pytest.raises(
        FitError, match=r"there are 0\. No other form can be fitted either\. 18 of 18 runs are not finished\."
    ):
        asked(study.path)


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("compute=-1", "compute=-1 is not a number above 0"),
        ("size=3", "'size=3' is no NAME=VALUE of model, compute"),
        ("compute", "'compute' is no NAME=VALUE"),
        ("params=1e4", "params=1e4 does not say compute: give compute=, or params= and examples="),
        ("model=F7", "there is no model F7 in a table"),
        ("params=1e4,epochs=3", "a table does not say how many images an epoch has"),
    ],
)
def test_a_question_that_has_no_answer_says_why(table, question, says):
    with pytest.raises(WrongQuestion, match=says):
        asked(table, question)


def test_parameters_say_nothing_of_a_convnet_s_compute(study):
    with pytest.raises(WrongQuestion, match="does not say compute: give model= and epochs="):
        asked(study.path, "params=1e4,epochs=2")
    assert asked(study.path, "macs_per_image=1e6,epochs=2").predictions


def test_a_model_or_block_that_a_study_does_not_have_is_named_with_those_it_has(study):
    with pytest.raises(WrongQuestion, match="there is no model F7; there is S and L"):
        asked(study.path, "model=F7,epochs=1")
    with pytest.raises(WrongQuestion, match="no pretrain block tuned; it has scaling"):
        asked(study.path, block="tuned")


def test_the_command_prints_json_on_stdout_alone(table, capsys):
    assert main(["fit", str(table), "--form", "envelope", "--json"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["constants"]["loss_exponent"] == pytest.approx(-0.1, rel=1e-4)
    assert told.err == ""


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--form", "isoflop"], "nfdsl: IsoFLOP parabolas need"),
        (["--predict", "size=1"], "nfdsl: 'size=1' is no NAME=VALUE"),
    ],
)
def test_the_command_says_on_stderr_what_is_missing(table, capsys, words, says):
    assert main(["fit", str(table), *words]) == 2
    told = capsys.readouterr()
    assert told.err.startswith(says)
    assert told.out == ""


@pytest.mark.parametrize("form", FORMS)
def test_the_command_knows_every_form(tmp_path, capsys, form):
    assert main(["fit", str(tmp_path / "none.csv"), "--form", form]) == 2
    assert "none.csv cannot be read" in capsys.readouterr().err


def test_what_the_points_leave_without_bound_is_null(table):
    table.write_text("compute,loss\n1e12,2.0\n1.01e12,1.5\n1.03e12,1.4\n")
    found = asked(table, "compute=1e20")
    said = json.loads(to_json(found))
    assert said["intervals"]["a"] == [0.0, None]
    assert said["predictions"][0]["interval"] == [0.0, None]
    assert "95% interval 0 to \N{INFINITY}" in to_text(found)
