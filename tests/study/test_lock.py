"""A study directory is held by one process at a time, and by its workers."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from nfdsl.study.lock import Held, Holder, exclusive, holder

HOLD = """
import subprocess, sys, time
from pathlib import Path
from nfdsl.study.lock import exclusive
with exclusive(Path(sys.argv[1])) as descriptor:
    worker = subprocess.Popen(["sleep", "60"], pass_fds=(descriptor,), stdin=subprocess.DEVNULL)
    print(worker.pid, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    return tmp_path / "lock"


def take(lock: Path) -> None:
    with exclusive(lock):
        pass


def test_the_lock_is_free_again_afterwards(lock: Path):
    take(lock)
    take(lock)
    assert lock.read_bytes() == b""


def test_the_lock_is_free_again_after_an_error(lock: Path):
    with pytest.raises(ZeroDivisionError), exclusive(lock):
        _ = 1 / 0
    take(lock)


def test_a_second_holder_is_told_of_the_first(lock: Path):
    with exclusive(lock), pytest.raises(Held, match=f"process {os.getpid()} on .* since 20") as held:
        take(lock)
    assert not held.value.lingering


def test_a_lock_file_of_a_dead_process_is_taken_over(lock: Path):
    lock.write_text(json.dumps({"pid": 2**22 + 1, "host": os.uname().nodename, "started": "2024-01-01 00:00:00"}))
    take(lock)


@pytest.mark.parametrize("content", ["", "{", '{"pid": "x"}'])
def test_a_holder_that_cannot_be_read_may_be_about_to_write(lock: Path, content: str):
    with exclusive(lock):
        lock.write_text(content)
        with pytest.raises(Held, match="another process") as held:
            take(lock)
    assert held.value.lingering


def test_another_hosts_holder_is_not_taken_for_dead(lock: Path):
    with exclusive(lock):
        lock.write_text(json.dumps({"pid": 2**22 + 1, "host": "elsewhere", "started": "2024-01-01 00:00:00"}))
        with pytest.raises(Held, match="elsewhere") as held:
            take(lock)
    assert not held.value.lingering


def test_the_lock_of_a_killed_holder_is_held_until_its_worker_has_left(lock: Path):
    with subprocess.Popen([sys.executable, "-c", HOLD, lock], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        worker = int(holder.stdout.readline())
        with pytest.raises(Held, match=f"process {holder.pid}"):
            take(lock)
        holder.kill()
        holder.wait()
        with pytest.raises(Held, match="which is gone") as held:
            take(lock)
        assert held.value.lingering
        os.kill(worker, 9)
        holder.stdout.read()  # ends when the worker has closed its copy
    take(lock)


def test_who_holds_a_lock_is_read_without_touching_it(lock: Path):
    assert holder(lock) is None
    with exclusive(lock):
        found = holder(lock)
        assert found is not None
        assert found.pid == os.getpid()
    assert holder(lock) is None
    lock.write_text('{"pid": 1, "host": "another host", "started": "then"}')
    assert holder(lock) == Holder(1, "another host", "then")
