"""Where a study stands, from its files alone."""

import json
import os
import socket
from io import StringIO

import pytest
from rich.console import Console

from nfdsl.schema.training import Monotone
from nfdsl.source import Source
from nfdsl.study.description import describe
from nfdsl.study.directory import Failure, Unreadable
from nfdsl.study.display.status import print_status, status_json
from nfdsl.study.engine import carry_out
from nfdsl.study.status import read_status
from nfdsl.tables import plan_json


@pytest.fixture
def study(sketch, directory, command):
    """Carries out a study and returns its directory."""

    def study(**runs):
        plan = sketch.plan()
        texts = {"study_json": describe(plan, Source("x.nfx", "")), "plan_json": plan_json(plan, {})}
        directory.path.mkdir(parents=True, exist_ok=True)
        (directory.path / "script.json").write_text(json.dumps({"runs": runs}))
        for _ in carry_out(plan, directory, **texts, command=command, attempts=1):
            pass
        return directory

    return study


def shown(directory) -> list[str]:
    console = Console(file=StringIO(), width=150)
    print_status(read_status(directory.path), console)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_a_finished_study(sketch, study):
    sketch.cell("a", (0.1, 0.2, 0.4), extend=1)
    sketch.cell("b", (0.1, 0.2, 0.4, 0.8), model="F1", tuner=Monotone(2))
    directory = study(**{"a@0.4": {"loss": 0.9}, "a@0.8": {"loss": 0.8}, "b@0.4": {"loss": 0.9}})
    head, state, blank, names, first, second = shown(directory)
    assert head == "test study: 7 of 7 runs, not being carried out"
    assert state == "2 of 2 cells settled, 1 censored; 100.0% of 1e+06 training FLOPs spent"
    assert (blank, names.split()[0]) == ("", "block")
    assert "4/4" in first
    assert "0.8000" in first
    assert "3/3" in second


def test_the_json_has_the_promised_keys(sketch, study):
    sketch.cell("a", (0.1, 0.2, 0.4), extend=1)
    status = read_status(study(**{"a@0.4": {"loss": 0.9}, "a@0.8": {"loss": 0.8}}).path)
    found = json.loads(status_json(status, {"a@0.4": "proved"}))
    assert [run["audit"] for run in found["runs"]] == [None, None, "proved", None]
    assert found["study"] == "test study"
    promised = {
        *("id", "block", "model", "lr", "epochs", "state", "step", "steps", "train_loss", "holdout_loss", "top1"),
        *("audit", "seconds"),
    }
    assert promised <= set(found["runs"][0])
    assert [(run["id"], run["state"], run["tuned"]) for run in found["runs"]] == [
        ("a@0.1", "done", False),
        ("a@0.2", "done", False),
        ("a@0.4", "done", False),
        ("a@0.8", "done", True),
    ]
    assert found["cells"] == [{"id": "a", "settled": True, "censored": "highest"}]
    assert found["holder"] is None


def test_a_failed_run_says_why(sketch, study):
    sketch.cell("a", (0.1,))
    directory = study(**{"a@0.1": {"do": ["fail"]}})
    assert shown(directory)[-1] == "failed   a@0.1 scaling F0, 1 epochs, lr 0.1: record 7 cannot be read"
    assert json.loads(status_json(read_status(directory.path), {}))["runs"][0]["state"] == "failed"
    directory.fail("a@0.1", Failure("no memory", "", 3))
    assert "no memory" in shown(directory)[-1]


def test_what_was_begun_runs_only_while_somebody_carries_the_study_out(sketch, study):
    sketch.cell("a", (0.1,))
    directory = study()
    directory.result_json("a@0.1").unlink()
    directory.metrics("a@0.1").write_text('{"step": 5, "loss": 2.0, "seconds": 1.0}\n')
    assert json.loads(status_json(read_status(directory.path), {}))["runs"][0]["state"] == "waiting"
    assert shown(directory)[-1] == "stopped  a@0.1 scaling F0, 1 epochs, lr 0.1: step 5 of 10"
    with directory.lock():
        found = json.loads(status_json(read_status(directory.path), {}))
        assert (found["runs"][0]["state"], found["holder"]["pid"]) == ("running", os.getpid())
        assert f"carried out by process {os.getpid()} on {socket.gethostname()}" in shown(directory)[0]
        assert "; 50.0% of 1e+05 training FLOPs" in shown(directory)[1]
        assert shown(directory)[-1].startswith("running  a@0.1")


def test_no_study_is_no_status(directory):
    with pytest.raises(Unreadable, match="not the directory of a study"):
        read_status(directory.path)
