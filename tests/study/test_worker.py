"""A worker process: what it says, how it ends, and that nothing of it stays behind."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nfdsl.study.events import Progress, Ready, WorkerEvent
from nfdsl.study.worker import Worker

READY = 'print(\'{"event": "ready", "process": 0, "processes": 1}\', flush=True)'


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[str], Worker]]:
    """Returns a function from Python code to a worker that runs it; the workers are gone afterwards."""
    workers: list[Worker] = []
    lock = os.open(tmp_path / "lock", os.O_CREAT | os.O_RDWR)

    def start(code: str) -> Worker:
        workers.append(Worker((sys.executable, "-c", code), tmp_path / "worker.log", lock))
        return workers[-1]

    yield start
    for worker in workers:
        worker.kill()
        worker.close()
    os.close(lock)


def listen(worker: Worker, seconds: float = 60) -> list[WorkerEvent]:
    """Returns everything a worker says before it is gone."""
    said: list[WorkerEvent] = []
    deadline = time.monotonic() + seconds
    while not worker.gone:
        assert time.monotonic() < deadline
        said += worker.receive(0.05)
    return said


def test_silence_ends_after_the_timeout(start):
    worker = start("import time; time.sleep(60)")
    began = time.monotonic()
    assert worker.receive(0.05) == []
    assert time.monotonic() - began > 0.04
    assert not worker.gone


def test_what_was_said_before_death_is_heard(start):
    worker = start(f"{READY}; import os; os.kill(os.getpid(), 9)")
    assert listen(worker) == [Ready(0, 1)]
    assert worker.epitaph() == "the worker was killed (signal 9), as happens when memory runs out"


def test_an_exit_is_told_with_the_last_line_of_stderr(start):
    worker = start("import sys; print('Traceback', file=sys.stderr); sys.exit('no jax here')")
    assert listen(worker) == []
    assert worker.epitaph() == "the worker left with exit status 1: no jax here"
    assert worker.log_tail() == "Traceback\nno jax here\n"


def test_another_signal_is_told_by_name(start):
    worker = start("import os; os.kill(os.getpid(), 11)")
    listen(worker)
    assert worker.epitaph().startswith("the worker was ended by signal 11 (Segmentation fault")


def test_the_tail_is_of_this_worker_alone(start):
    listen(start("import sys; sys.exit('the first one')"))
    worker = start("import sys; sys.exit('the second one')")
    listen(worker)
    assert worker.log_tail() == "the second one\n"


def test_a_librarys_greeting_goes_to_the_log(start):
    worker = start(f"print('hello from C'); {READY}")
    assert listen(worker) == [Ready(0, 1)]
    assert "hello from C" in worker.log_tail()


def test_an_event_that_cannot_be_read_ends_the_conversation(start):
    worker = start(f'{READY}; print(\'{{"event": "saved", "run": 3}}\', flush=True); import time; time.sleep(60)')
    assert listen(worker) == [Ready(0, 1)]
    assert "saved" in worker.epitaph()


def test_lines_may_arrive_in_pieces(start):
    progress = '{"event": "progress", "run": "r", "step": 1, "steps": 2, "loss": 1, "images_per_second": 2}'
    pieces = f"for c in '{progress}': sys.stdout.write(c), sys.stdout.flush(), time.sleep(0.001)"
    worker = start(f"import sys, time\n{pieces}\nprint(flush=True)")
    assert listen(worker) == [Progress("r", 1, 2, 1.0, 2.0)]


def test_a_dead_worker_can_be_given_a_run(start, tmp_path: Path):
    worker = start("pass")
    listen(worker)
    worker.train(tmp_path)
    assert worker.gone


def test_killing_takes_its_children_along(start):
    worker = start(
        "import subprocess, time\n"
        "child = subprocess.Popen(['sleep', '60'])\n"
        'print(\'{"event": "saved", "run": "r", "step": %d}\' % child.pid, flush=True)\n'
        "time.sleep(60)"
    )
    while not (said := worker.receive(0.1)):
        pass
    worker.kill()
    listen(worker)  # ends: the child, which had the same stdout, is dead too
    child = said[0].step
    while Path(f"/proc/{child}").exists() and "Z" not in Path(f"/proc/{child}/stat").read_text().split()[2]:
        time.sleep(0.01)


def test_a_worker_that_died_is_gone_even_if_its_children_hold_its_output(start):
    worker = start("import subprocess, os; subprocess.Popen(['sleep', '60']); os.kill(os.getpid(), 9)")
    listen(worker)
    assert "killed" in worker.epitaph()


def test_closing_lets_it_save(start, tmp_path: Path):
    worker = start(
        "import signal, sys, time\n"
        f"signal.signal(signal.SIGTERM, lambda *_: (open({str(tmp_path / 'saved')!r}, 'w').close(), sys.exit()))\n"
        f"{READY}\ntime.sleep(60)"
    )
    while not worker.receive(0.1):
        pass
    worker.close()
    assert (tmp_path / "saved").exists()


def test_it_does_not_share_the_terminals_ctrl_c(start):
    worker = start("import time; time.sleep(60)")
    assert os.getpgid(worker.pid) == worker.pid
    assert os.getsid(worker.pid) != os.getsid(0)
