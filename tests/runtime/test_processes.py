"""Tests of several processes and changing numbers of devices: the same examples, and weights but for rounding."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import ExitStack
from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_digits

from nfdsl.audit.run import audit_run
from nfdsl.run_json import dump
from nfdsl.sampling.ledger import FED, ROW, STARTED, rows_path
from nfdsl.schema.augmentation import Mixup
from nfdsl.schema.data import Builtin, Data
from nfdsl.schema.hardware import Hardware
from nfdsl.schema.probes import FewShot
from nfdsl.schema.run import Length
from nfdsl.schema.training import SAM
from nfdsl.schema.vit import ViT
from runtime import processes as of_runtime

pytestmark = pytest.mark.slow

PATIENCE = 300  # seconds

# The worker, told to stop when it asks for the time of its first argument, as all processes are by a notice to one.
# It asks before its first step, after each, and after each batch of an evaluation.
STOPS_AT = """
import sys
from itertools import count
from runtime import __main__, processes
question, questions = int(sys.argv.pop(1)), count()
processes.Agreement.stopping = lambda self: next(questions) == question
__main__.main()
"""
NEVER = -1

# The same, on a mesh whose devices are by turns those of one process and those of another, as on slices of TPUs.
INTERLEAVES = f"""
import numpy as np
from runtime import mesh
mesh.mesh_utils.create_device_mesh = lambda shape, devices, **_: np.array(devices).reshape(2, -1).T.reshape(shape)
{STOPS_AT}"""


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """What XLA has compiled for the tests of this file."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def study(tmp_path, cache):
    (tmp_path / "cache").symlink_to(cache)
    return tmp_path


def prepared(study, run):
    folder = study / "runs" / run.id
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run.json").write_text(dump(run))
    return folder


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def team(stack, command, folder, processes, devices):
    """Starts workers of `devices` devices altogether; the first one speaks on stdout."""
    flags = f"--xla_force_host_platform_device_count={devices // processes}"
    environment = os.environ | {"JAX_PLATFORMS": "cpu", "XLA_FLAGS": flags}
    cluster = ["--cluster", "--coordinator", f"127.0.0.1:{free_port()}", "--processes", str(processes)]
    workers = []
    for process in range(processes):
        own = [*cluster, "--process", str(process)] if processes > 1 else []
        errors = (folder / f"stderr{process}").open("w")
        stack.callback(errors.close)
        worker = subprocess.Popen(
            [sys.executable, *command, *own, str(folder)],
            env=environment,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
        stack.callback(worker.wait)
        stack.callback(worker.kill)
        stack.callback(worker.stdout.close)
        workers.append(worker)
    return workers


def left(workers, folder):
    """Returns the workers' exit codes, and what they said on stderr."""
    codes = [worker.wait(PATIENCE) for worker in workers]
    return codes, [(folder / f"stderr{process}").read_text() for process in range(len(workers))]


def evaluations(folder):
    return [json.loads(line) for line in (folder / "evaluations.jsonl").read_text().splitlines()]


def trained(folder, processes, devices, stop_at=NEVER, script=STOPS_AT):
    """Returns what the workers of a run say until they leave."""
    with ExitStack() as stack:
        workers = team(stack, ["-c", script, str(stop_at)], folder, processes, devices)
        events = [json.loads(line) for line in workers[0].stdout]
        codes, errors = left(workers, folder)
        assert codes == [0] * processes, errors
    return events


def rows(folder, kind):
    found = np.fromfile(rows_path(folder), ROW)
    return found[found["kind"] == kind]


def test_a_run_goes_on_with_any_number_of_processes_and_devices(study, small_run):
    """Its evaluations after steps 7 and 14 take four batches each; the second process group is stopped in the first."""
    length = replace(small_run.length, between_evaluations=7 * 32)
    whole, moved = (prepared(study, replace(small_run, id=name, length=length)) for name in ("whole", "moved"))
    (*_, expected) = trained(whole, 1, 1)
    for processes, devices, question, step in ((2, 2, 4, 4), (1, 8, 5, 7), (4, 4, 4 + 6, 13)):
        (*_, last) = trained(moved, processes, devices, question)
        assert (last["event"], last["step"]) == ("stopped", step)
    (*_, last) = trained(moved, 1, 1)
    assert last["event"] == "done"
    starts = [(row["step"], row["processes"], row["count"]) for row in rows(moved, STARTED)]
    assert starts == [(0, 2, 2), (4, 1, 8), (7, 4, 4), (13, 1, 1)]
    assert [line["step"] for line in evaluations(moved)] == [7, 14, 19]
    for one, other in zip(evaluations(moved), evaluations(whole), strict=True):
        np.testing.assert_allclose([one["loss"], one["top1"]], [other["loss"], other["top1"]], rtol=1e-3)
    for name in ("step", "first", "count", "digest"):
        np.testing.assert_array_equal(rows(moved, FED)[name], rows(whole, FED)[name])
    assert audit_run(moved).verdict == "proved"
    for name in ("train_loss", "holdout_loss", "top1", "top5"):
        np.testing.assert_allclose(last["result"][name], expected["result"][name], rtol=1e-3)


def test_weights_in_parts_are_put_together_across_processes(study, small_run):
    """By block or once a step, on any number of processes, a run is that of one device."""
    model = ViT(depth=2, width=256, mlp=512, heads=2, patch=4)  # stacks of kernels are large ones to checkpoints
    whole = replace(small_run, id="whole", model=model, lr=0.1)
    (*_, expected) = trained(prepared(study, whole), 1, 1)
    moved = replace(whole, id="moved")
    for processes, gather, stop_at in ((2, "step", 6), (2, "block", 12), (4, "block", NEVER)):
        recipe = replace(moved.recipe, hardware=Hardware(shards=4, gather=gather))
        folder = prepared(study, replace(moved, recipe=recipe))
        (*_, last) = trained(folder, processes, 4, stop_at)
    for name in ("train_loss", "holdout_loss", "top1", "top5"):
        np.testing.assert_allclose(last["result"][name], expected["result"][name], rtol=1e-3)


def test_a_batch_is_the_same_on_a_mesh_that_interleaves_processes(study, small_run):
    """Its places decide over masks, partners, SAM's parts, drawn shots and whose labels an answer is compared with."""
    labels = study / "labels.json"
    labels.write_text(json.dumps([[label] for label in load_digits().target.tolist()]))
    data = Data(source=Builtin("digits"), classes=10, validation=Builtin("digits"), reassessed=str(labels))
    recipe = replace(
        small_run.recipe,
        data=data,
        mixup=Mixup(),
        stochastic_depth=0.1,
        sam=SAM(0.05, 0.5),
        hardware=Hardware(topology=(4,)),
        probe=FewShot(replace(data, validation=None, reassessed=None, holdout=97), shots=(1, 10), ridge=1.0),
    )
    whole = replace(small_run, id="whole", recipe=recipe, length=Length(2_000, 63, 2))  # the 1,797 images and 203 again
    (*_, expected) = trained(prepared(study, whole), 1, 1)
    moved = prepared(study, replace(whole, id="moved"))
    (*_, stopped) = trained(moved, 2, 4, 30, INTERLEAVES)
    assert (stopped["event"], stopped["step"]) == ("stopped", 30)
    (*_, found) = trained(moved, 2, 4, NEVER, INTERLEAVES)
    one, other = expected["result"], found["result"]
    assert 0.3 < one["top1"] == one["reassessed_top1"]
    assert other["top1"] == other["reassessed_top1"]
    for name in ("train_loss", "holdout_loss", "top1", "top5"):
        np.testing.assert_allclose(other[name], one[name], rtol=1e-3)
    np.testing.assert_allclose([*other["few_shot"].values()], [*one["few_shot"].values()], atol=0.011)  # of one image
    for name in ("step", "first", "count", "digest"):
        np.testing.assert_array_equal(rows(moved, FED)[name], rows(study / "runs" / "whole", FED)[name])
    assert audit_run(moved).verdict == "proved"


def test_a_notice_to_one_process_stops_all_after_the_same_step(study, small_run):
    long = replace(small_run, length=Length(32 * 100_000, 100_000, 2))
    folder = prepared(study, long)
    with ExitStack() as stack:
        workers = team(stack, ["-m", "runtime"], folder, 2, 2)
        events = (json.loads(line) for line in workers[0].stdout)
        next(event for event in events if event["event"] == "progress")
        workers[1].send_signal(signal.SIGTERM)
        *_, saved, stopped = events
        codes, errors = left(workers, folder)
        assert codes == [143, 143], errors
    assert (saved["event"], stopped["event"], saved["step"]) == ("saved", "stopped", stopped["step"])
    audited = audit_run(folder)
    assert (audited.verdict, audited.steps) == ("unfinished", stopped["step"])


def test_a_cluster_of_one_is_told_to_stop_like_others(tmp_path):
    own = ["--cluster", "--coordinator", f"127.0.0.1:{free_port()}", "--processes", "1", "--process", "0"]
    command = [sys.executable, "-m", "runtime", "--serve", *own]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=os.environ | {"JAX_PLATFORMS": "cpu"}, **pipes) as worker:
        assert json.loads(worker.stdout.readline()) == {"event": "ready", "process": 0, "processes": 1}
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(PATIENCE) == 143


def test_where_no_cluster_says_which_processes_there_are_it_is_said_how_to():
    clusters = ("SLURM", "OMPI", "PMI", "JOB", "KUBERNETES", "TPU")  # as far as they tell by the environment
    environment = {name: value for name, value in os.environ.items() if not name.startswith(clusters)}
    command = [sys.executable, "-m", "runtime", "--serve", "--cluster"]
    worker = subprocess.run(
        command, env=environment | {"JAX_PLATFORMS": "cpu"}, capture_output=True, text=True, check=False
    )
    assert worker.returncode == 1
    assert worker.stderr.strip().rpartition("\n")[2].startswith("no cluster that JAX knows")
    assert "say it with --coordinator, --process and --processes" in worker.stderr


def test_a_batch_that_cannot_be_split_is_refused_before_anything_is_touched(study, small_run):
    folder = prepared(study, small_run)
    before = sorted(folder.iterdir())
    with ExitStack() as stack:
        workers = team(stack, ["-m", "runtime"], folder, 1, 3)
        *_, failed = (json.loads(line) for line in workers[0].stdout)
    assert failed["reason"] == (
        "a batch of 32 images does not divide evenly over 3 devices: 2 would be left over (a batch of 30 or 33 divides)"
    )
    assert [path for path in sorted(folder.iterdir()) if path.name != "stderr0"] == before


@pytest.mark.parametrize(("leap", "saves"), [(0.0, []), (1.0, [30, 60, 90]), (1e9, [*range(1, 101)])])
def test_several_save_when_it_is_time_whether_the_clock_stands_still_or_leaps(monkeypatch, leap, saves):
    """Of 100 steps, between which the first process's clock goes on by `leap` seconds."""
    now = [0.0]
    monkeypatch.setattr(of_runtime.jax, "process_count", lambda: 2)
    monkeypatch.setattr(of_runtime, "agreed", lambda number: number)
    monkeypatch.setattr(of_runtime.time, "monotonic", lambda: now[0])
    agreement, saved = of_runtime.Agreement(threading.Event(), save_seconds=29.5), []
    agreement.saved()
    for step in range(1, 101):
        now[0] += leap
        if agreement.saving(step, committing=False):
            saved.append(step)
            agreement.saved()
    assert saved == saves


@pytest.mark.parametrize("processes", [1, 2])
def test_the_time_until_the_next_save_begins_when_a_commit_has_ended(monkeypatch, processes):
    """Of 150 steps of a second each; a commit takes 40 of them."""
    now = [0.0]
    monkeypatch.setattr(of_runtime.jax, "process_count", lambda: processes)
    monkeypatch.setattr(of_runtime, "agreed", lambda number: number)
    monkeypatch.setattr(of_runtime.time, "monotonic", lambda: now[0])
    agreement, saved = of_runtime.Agreement(threading.Event(), save_seconds=10.5), []
    agreement.saved()
    for step in range(1, 151):
        now[0] += 1
        if agreement.saving(step, committing=bool(saved) and step < saved[-1] + 40):
            saved.append(step)
            agreement.saved()
    assert saved == [11, 61, 111]


@pytest.mark.parametrize("committing", [True, False])
def test_whether_a_commit_is_in_flight_is_for_the_first_process_to_say(monkeypatch, committing):
    told = iter([3, -1])
    monkeypatch.setattr(of_runtime.jax, "process_count", lambda: 2)
    monkeypatch.setattr(of_runtime, "agreed", lambda number: next(told))
    agreement = of_runtime.Agreement(threading.Event(), save_seconds=1e9)
    assert [agreement.saving(step, committing) for step in range(1, 5)] == [False, False, False, True]
