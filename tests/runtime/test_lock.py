"""Tests of one worker at a time."""

import subprocess
import sys
import threading

import pytest

from runtime.lock import Locked, locked

HOLDER = """
import sys
from pathlib import Path
from runtime.lock import locked
with locked(Path(sys.argv[1]), 0):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the folder; it lives until its stdin is closed."""
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_folder_is_held_by_one_process_at_a_time(tmp_path, holder):
    with pytest.raises(Locked, match="another worker is training in"), locked(tmp_path, patience=0.2):
        pass


def test_a_lingering_worker_is_waited_for(tmp_path, holder):
    threading.Timer(0.3, holder.stdin.close).start()
    with locked(tmp_path, patience=30):
        assert holder.wait(30) == 0


def test_a_killed_worker_holds_nothing(tmp_path, holder):
    holder.kill()
    with locked(tmp_path, patience=30):
        pass


def test_a_folder_is_free_again_afterwards(tmp_path):
    for _ in range(2):
        with locked(tmp_path, patience=0):
            pass
