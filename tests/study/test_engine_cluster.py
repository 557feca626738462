"""Tests of studies that several hosts carry out together, with workers that have no JAX."""

import json
import sys
from pathlib import Path

import pytest

from nfdsl.study.engine import Apart, carry_out
from nfdsl.study.events import Closed, Failed, Given, Joined, Left, Stopped, Tick, WorkerStarted

pytestmark = pytest.mark.slow

# Does at each start what the next word says; `leave N`: what it is asked for is noted, then it leaves with that status.
WORKER = """
import json, pathlib, sys
words = pathlib.Path("WORDS")
word, *left = words.read_text().split(",")
words.write_text(",".join(left))
if word == "lost":
    sys.exit("no cluster that is known")
process, status = map(int, word.split())
print(json.dumps({"event": "ready", "process": process, "processes": 2}), flush=True)
if process == 0:
    asked = json.loads(sys.stdin.readline())["run"]
    if asked is not None:
        run = pathlib.Path(asked)
        if status == 143:
            print(json.dumps({"event": "stopped", "run": run.name, "step": 3}), flush=True)
        else:
            (run / "result.json").write_text(RESULT)
            print(json.dumps({"event": "done", "run": run.name, "result": {}}), flush=True)
            pathlib.Path("LAST").write_text(sys.stdin.readline())
sys.exit(status)
"""

RESULT = {
    "state": "done",
    "step": 10,
    "steps": 10,
    "train_loss": 1.0,
    "holdout_loss": 1.0,
    "top1": 0.5,
    "top5": 0.9,
    "examples_evaluated": 100,
    "seconds": 1.0,
    "images_per_second": 1000.0,
}


@pytest.fixture
def host(sketch, directory, tmp_path):
    """What happens on a host whose workers go by these words."""
    sketch.cell("cell", (0.1,))
    (tmp_path / "words").parent.mkdir(parents=True, exist_ok=True)

    def happens(*words: str) -> list[object]:
        (tmp_path / "words").write_text(",".join(words))
        places = {"WORDS": str(tmp_path / "words"), "LAST": str(tmp_path / "last"), "RESULT": repr(json.dumps(RESULT))}
        code = WORKER
        for name, place in places.items():
            code = code.replace(name, place)
        texts = {"study_json": "{}", "plan_json": "{}"}
        events = carry_out(sketch.plan(), directory, **texts, command=(sys.executable, "-c", code), cluster=True)
        return [event for event in events if not isinstance(event, Tick | WorkerStarted)]

    return happens


def test_a_host_that_is_not_the_first_leaves_the_study_to_that(host, directory):
    assert host("1 0") == [Joined(1, 2), Left(stopped=False)]
    assert not directory.study_json.exists()
    assert not directory.lock_file.exists()


def test_a_host_that_is_not_the_first_joins_again_where_the_team_broke(host):
    assert host("1 1", "lost", "1 0") == [Joined(1, 2), Joined(1, 2), Left(stopped=False)]


def test_a_notice_to_another_host_ends_the_study_here(host):
    assert host("1 143") == [Joined(1, 2), Left(stopped=True)]


def test_hosts_that_do_not_find_each_other_say_why(host):
    with pytest.raises(Apart, match="no cluster that is known"):
        host("lost", "lost", "lost")


def test_the_first_host_carries_the_study_out_and_releases_the_others(host, tmp_path: Path):
    events = host("0 0")
    assert events[0] == Joined(0, 2)
    assert isinstance(events[-1], Closed)
    assert events[-1].outcome.complete
    assert json.loads((tmp_path / "last").read_text()) == {"run": None}


def test_the_first_host_ends_too_where_another_was_told_to_stop(host):
    events = host("0 143")
    assert [type(event) for event in events if isinstance(event, Given | Stopped | Failed)] == [Given, Stopped]
    assert isinstance(events[-1], Closed)
    assert events[-1].outcome.stopped


def test_each_host_has_a_log_of_its_own(host, directory, monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: "host7")
    host("1 0")
    assert [path.name for path in directory.path.glob("*.log")] == ["worker.host7.log"]
