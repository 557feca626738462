"""Tests of the verdict on a study, as the command prints it."""

import json
import shutil

import pytest

from nfdsl.audit.study import NoStudy, audit, audit_json, remarks
from nfdsl.cli import main


@pytest.fixture
def study(simulated, tmp_path):
    """A study of a run that is proved."""
    simulation = simulated(50, images=100)
    simulation.finish()
    shutil.copytree(simulation.folder, tmp_path / "study" / "runs" / "a")
    return tmp_path / "study"


def added(study, simulation, name):
    shutil.copytree(simulation.folder, study / "runs" / name)


def test_a_study_is_as_good_as_its_worst_run(study, simulated):
    assert (audit(study).verdict, audit(study).proved) == ("proved", True)
    simulation = simulated()
    simulation.finish()
    (simulation.folder / "result.json").write_text('{"state": "diverged"}')
    added(study, simulation, "b")
    assert ([run.verdict for run in audit(study).runs], audit(study).verdict) == (["proved", "diverged"], "proved")
    (simulation.folder / "result.json").unlink()
    added(study, simulation, "c")
    assert (audit(study).verdict, audit(study).proved) == ("unfinished", False)
    shutil.rmtree(study / "runs" / "c" / "ledger")
    assert audit(study).verdict == "unreadable"


def test_runs_that_an_earlier_spec_left_behind_do_not_count(study, simulated):
    added(study, simulated(), "left")
    assert audit(study).verdict == "unfinished"
    (study / "plan.json").write_text('{"runs": [{"id": "a"}], "extensions": [{"id": "not begun"}]}')
    assert [run.id for run in audit(study).runs] == ["a"]
    (study / "plan.json").write_text('{"runs": [{"id": "a"}], "extensions": [{"id": "left"}]}')
    assert [run.id for run in audit(study).runs] == ["a", "left"]
    (study / "plan.json").write_text("torn")
    assert len(audit(study).runs) == 2


def test_json_has_stable_keys(study, capsys):
    assert main(["audit", str(study), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told.keys() == {"verdict", "runs"}
    assert told["verdict"] == "proved"
    (run,) = told["runs"]
    assert {"id", "verdict", "epochs", "missing", "doubled", "rolled_back"} <= run.keys()
    assert run["epochs"] == [{"epoch": epoch, "views": 50, "of": 50, "right": True} for epoch in (0, 1)]
    assert json.loads(audit_json(audit(study))) == told


def test_what_is_wrong_is_said_in_words(study, simulated, capsys):
    simulation = simulated(50, images=100)
    while simulation.step < 9:
        simulation.step += simulation.step == 2
        simulation.feed()
    simulation.commit()
    simulation.complete()
    added(study, simulation, "b")
    assert main(["audit", str(study)]) == 3
    (_, wrong) = audit(study).runs
    (line,) = remarks(wrong)
    assert line.startswith("missing: places 24 to 35 of epoch 0 (step 2; records ")
    text = capsys.readouterr().out
    assert "refuted" in text
    assert line in text.replace("\n", "")
    assert audit(study).verdict == "refuted"
    shutil.rmtree(study / "runs" / "a" / "ledger")
    assert audit(study).verdict == "unreadable"


def test_a_folder_without_runs_is_no_study(tmp_path, capsys):
    with pytest.raises(NoStudy):
        audit(tmp_path)
    assert main(["audit", str(tmp_path)]) == 2
    assert "no study directory" in capsys.readouterr().err
