"""The same command on two hosts: a study carried out together, stopped on one of them and gone on with."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import pytest

from nfdsl.audit.run import audit_run
from nfdsl.cli import main
from nfdsl.sampling.ledger import ROW, STARTED, rows_path

PATIENCE = 300  # seconds

SPEC = """
data digits { source builtin(digits)
  classes 10
  holdout 360 images
}
model net { depth [1]
  width [8]
}
pretrain base { model net
  data digits
  budget 1000 steps
  batch 32 images
  resolution train 8px, eval 8px
  lr 0.1
}
"""


@contextmanager
def hosts(folder: Path) -> Iterator[list[subprocess.Popen[str]]]:
    """The command on two hosts, of which the first one speaks on stdout."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        coordinator = f"127.0.0.1:{probe.getsockname()[1]}"
    flags = {"JAX_PLATFORMS": "cpu", "XLA_FLAGS": "--xla_force_host_platform_device_count=1"}
    command = [sys.executable, "-m", "nfdsl.cli", "run", "spec.nfx", "--out", "study", "--cluster"]
    cluster = [f"--coordinator={coordinator}", "--processes=2"]
    with ExitStack() as stack:
        both = list[subprocess.Popen[str]]()
        for process in range(2):
            out = None if process else subprocess.PIPE
            own = [*command, *cluster, f"--process={process}"]
            host = subprocess.Popen(own, cwd=folder, env=os.environ | flags, stdout=out, text=True)
            stack.enter_context(host)
            stack.callback(host.kill)
            both.append(host)
        yield both


@pytest.mark.slow
def test_a_study_is_stopped_on_any_host_and_goes_on_with_the_same_command_on_each(tmp_path: Path):
    (tmp_path / "spec.nfx").write_text(SPEC)
    with hosts(tmp_path) as (first, second):
        assert first.stdout is not None
        next(line for line in first.stdout if "train program" in line)
        second.send_signal(signal.SIGTERM)
        said = first.stdout.read()
        assert [host.wait(PATIENCE) for host in (first, second)] == [130, 130]
    assert "stopped; to go on: nfdsl run spec.nfx --out study --cluster" in said
    with hosts(tmp_path) as (first, second):
        said, _ = first.communicate(timeout=PATIENCE)
        assert [first.returncode, second.wait(PATIENCE)] == [0, 0], said
    (run,) = (tmp_path / "study" / "runs").iterdir()
    rows = np.fromfile(rows_path(run), ROW)
    assert [(row["processes"], row["step"] > 0) for row in rows[rows["kind"] == STARTED]] == [(2, False), (2, True)]
    assert audit_run(run).verdict == "proved"
    assert (tmp_path / "study" / "report.html").exists()


@pytest.mark.parametrize("flags", [["--process=1"], ["--cluster", "--processes=2", "--process=1"]])
def test_what_says_where_the_others_are_is_said_whole_or_not_at_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], flags: list[str]
):
    (tmp_path / "spec.nfx").write_text(SPEC)
    assert main(["run", str(tmp_path / "spec.nfx"), "--out", str(tmp_path / "study"), *flags]) == 2
    assert "belong together, and to --cluster" in capsys.readouterr().err
    assert not (tmp_path / "study").exists()
