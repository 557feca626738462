"""Tests of the worker as a process: what it says, how it leaves, and that a kill loses nothing."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace

import pytest

from nfdsl.run_json import dump
from nfdsl.schema.run import Length

pytestmark = pytest.mark.slow

ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "XLA_FLAGS"}
PATIENCE = 120  # seconds

# Trains the run in the folder it is given, with a checkpoint after every step, and kills itself
# at the n-th time that it opens, renames or removes something among the checkpoints.
DIES_SAVING = """
import itertools, os, signal, sys, threading
from pathlib import Path
import jax
from nfdsl.run_json import load
from runtime.__main__ import _use_cache
from runtime.events import line
from runtime.program import Programs
from runtime.train import train
folder, last = Path(sys.argv[1]), int(sys.argv[2])
touched = itertools.count(1)
def die(event, arguments):
    if event in TOUCHES and str(folder / "checkpoints") in str(arguments[0]) and next(touched) == last:
        os.kill(os.getpid(), signal.SIGKILL)
TOUCHES = {"open", "os.rename", "os.mkdir", "os.rmdir", "os.remove", "shutil.rmtree"}
_use_cache(folder.parent.parent / "cache")
run, programs = load((folder / "run.json").read_text()), Programs(jax.devices())
sys.addaudithook(die)
for event in train(run, folder, programs, None, threading.Event(), save_seconds=0):
    print(line(event), flush=True)
"""


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """What XLA has compiled for the tests of this file."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def study(tmp_path, cache):
    folder = tmp_path / "study"
    folder.mkdir()
    (folder / "cache").symlink_to(cache)
    return folder


def prepared(study, run):
    folder = study / "runs" / run.id
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(dump(run))
    return folder


def long(run):
    """The run, so long that it has to be stopped."""
    return replace(run, id="long", length=Length(32 * 100_000_000, 100_000_000, 2))


@contextmanager
def running(*command):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([*map(str, command)], env=ENVIRONMENT, text=True, **pipes) as process:
        try:
            yield process
        finally:
            process.kill()


def worker(*arguments):
    return running(sys.executable, "-m", "runtime", *arguments)


def said(process):
    """Yields the events a worker says, to its end."""
    for line in process.stdout:
        yield json.loads(line)


def until(process, name):
    """Returns the next event of that name."""
    return next(event for event in said(process) if event["event"] == name)


def trained(*folders):
    """Returns what a worker said that was to train `folders` and left by itself, silent on stderr."""
    with worker(*folders) as process:
        events = list(said(process))
        assert (process.stderr.read(), process.wait(PATIENCE)) == ("", 0)
    return events


def outcome(folder):
    """Returns result and losses, without times."""
    result = json.loads((folder / "result.json").read_text())
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return {**result, "seconds": 0, "images_per_second": 0}, [(line["step"], line["loss"]) for line in lines]


def test_what_goes_wrong_with_one_run_does_not_concern_the_next(study, small_run):
    bad = study / "runs" / "bad"
    bad.mkdir(parents=True)
    (bad / "run.json").write_text('{"root": {}}')
    tuned = replace(small_run, id="tuned", start="small")
    *events, done = trained(study / "runs" / "none", bad, prepared(study, tuned), prepared(study, small_run))
    failures = {event["run"]: event["reason"] for event in events if event["event"] == "failed"}
    assert failures.keys() == {"none", "bad", "tuned"}
    assert failures["none"] == f"{study}/runs/none is not the folder of a run: it has no run.json"
    assert failures["bad"].startswith("this is no run of nfdsl")
    assert failures["tuned"].startswith(f"the checkpoint {study}/runs/small/checkpoints/19 is missing: ")
    assert done["event"] == "done"
    written = json.loads((study / "runs" / "small" / "result.json").read_text())
    assert written.pop("versions")["jax"]
    assert done["result"] == written


def test_another_worker_compiles_nothing_anew_even_if_the_study_was_moved(study, small_run):
    other = replace(small_run, id="other", lr=0.1)
    first = trained(prepared(study, small_run), prepared(study, other))
    compiled = [(event["run"], event["kind"]) for event in first if event["event"] == "compiled"]
    assert compiled == [("small", "initialize"), ("small", "train"), ("small", "evaluate")]
    moved = study.rename(study.with_name("moved"))
    shutil.rmtree(moved / "runs" / "other" / "checkpoints")
    (moved / "runs" / "other" / "result.json").unlink()
    again = trained(moved / "runs" / "other")
    assert [event["cached"] for event in again if event["event"] == "compiled"] == [True] * 3
    results = [event["result"]["holdout_loss"] for event in (first[-1], again[-1])]
    assert results[0] == results[1]


def test_a_serving_worker_trains_what_it_is_told_and_leaves_with_its_master(study, small_run):
    folders = [prepared(study, small_run), prepared(study, long(small_run))]
    with worker("--serve") as process:
        assert next(said(process)) == {"event": "ready", "process": 0, "processes": 1}
        for folder in folders:
            print(json.dumps({"run": str(folder)}), file=process.stdin, flush=True)
        assert until(process, "done")["run"] == "small"
        until(process, "progress")
        process.stdin.close()  # as when the master was killed
        assert process.wait(PATIENCE) == 0
        assert process.stderr.read() == ""


@pytest.mark.parametrize("busy", [True, False])
def test_a_serving_worker_that_is_terminated_saves_and_leaves(study, small_run, busy):
    folder = prepared(study, long(small_run))
    with worker("--serve") as process:
        until(process, "ready")
        if busy:
            print(json.dumps({"run": str(folder)}), file=process.stdin, flush=True)
            until(process, "progress")
        process.terminate()
        events = [event for event in said(process) if event["event"] != "progress"]
        assert process.wait(PATIENCE) == 0
    if busy:
        saved, stopped = events
        assert stopped == {"event": "stopped", "run": "long", "step": saved["step"]}
        assert (folder / "checkpoints" / str(saved["step"])).is_dir()
    else:
        assert events == []


def test_a_run_killed_while_it_saves_comes_to_the_same(study, small_run):
    whole, killed = (prepared(study, replace(small_run, id=name)) for name in ("whole", "killed"))
    trained(whole)
    draws, reached = random.Random(0), []
    for _ in range(3):
        with running(sys.executable, "-c", DIES_SAVING, killed, draws.randrange(60, 180)) as process:
            reached.append(until(process, "started")["step"])
            assert process.wait(PATIENCE) == -signal.SIGKILL
    assert reached == sorted(set(reached))
    assert trained(killed)[0]["step"] > reached[-1]
    assert outcome(killed) == outcome(whole)


@pytest.mark.parametrize("arguments", [[], ["--serve", "somewhere"]])
def test_it_says_how_it_is_used(arguments):
    with worker(*arguments) as process:
        assert process.wait(PATIENCE) == 2
        assert "usage: python -m runtime" in process.stderr.read()
        assert process.stdout.read() == ""
