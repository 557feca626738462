"""Tests of several processes and changing numbers of devices: the same examples, and the same weights but for rounding."""

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import replace

import numpy as np
import pytest

from nfdsl.audit.run import audit_run
from nfdsl.run_json import dump
from nfdsl.sampling.ledger import FED, ROW, STARTED, rows_path
from nfdsl.schema.run import Length

pytestmark = pytest.mark.slow

PATIENCE = 240  # seconds


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
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(dump(run))
    return folder


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def workers(stack, folder, processes, devices):
    """Starts workers of `devices` devices altogether; returns them, the first one's stdout to be read."""
    flags = f"--xla_force_host_platform_device_count={devices // processes}"
    environment = os.environ | {"JAX_PLATFORMS": "cpu", "XLA_FLAGS": flags}
    cluster = ["--cluster", "--coordinator", f"127.0.0.1:{free_port()}", "--processes", str(processes)]
    started = []
    for process in range(processes):
        own = [*cluster, "--process", str(process)] if processes > 1 else []
        command = [sys.executable, "-m", "runtime", *own, str(folder)]
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        worker = stack.enter_context(subprocess.Popen(command, env=environment, text=True, **pipes))
        stack.callback(worker.kill)
        started.append(worker)
    return started


def trained(folder, processes, devices, stop_at=None):
    """Returns what the workers of a run say; one of them gets SIGTERM at the first progress past a step."""
    events = []
    with ExitStack() as stack:
        team = workers(stack, folder, processes, devices)
        for line in team[0].stdout:
            events.append(json.loads(line))
            if stop_at is not None and events[-1]["event"] == "progress" and events[-1]["step"] >= stop_at:
                team[-1].send_signal(signal.SIGTERM)
                stop_at = None
        codes = [worker.wait(PATIENCE) for worker in team]
        assert codes == [0] * processes, [worker.stderr.read() for worker in team]
    return events


def weights_of(folder):
    result = json.loads((folder / "result.json").read_text())
    return result["train_loss"], result["holdout_loss"]


def fed(folder):
    """Returns step, views and digest of what counts, whoever fed it."""
    rows = np.fromfile(rows_path(folder), ROW)
    return [(row["step"], row["first"], row["count"], *row["digest"]) for row in rows[rows["kind"] == FED].tolist() or []]


def started_with(folder):
    rows = np.fromfile(rows_path(folder), ROW)
    return [(int(row["processes"]), int(row["count"])) for row in rows[rows["kind"] == STARTED]]


def test_a_run_goes_on_with_any_number_of_processes_and_devices(study, small_run):
    long = replace(small_run, length=Length(32 * 400, 400, 2))
    whole, moved = (prepared(study, replace(long, id=name)) for name in ("whole", "moved"))
    trained(whole, 1, 1)
    for processes, devices, stop_at in ((2, 2, 1), (1, 8, 100), (4, 4, 200), (1, 1, None)):
        trained(moved, processes, devices, stop_at)
    print(started_with(moved), weights_of(whole), weights_of(moved), audit_run(moved))
