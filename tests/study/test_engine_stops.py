"""Studies that are stopped, killed, or asked for twice at once."""

import random
import signal
import subprocess
from pathlib import Path

import pytest

from nfdsl.plan import Selection
from nfdsl.study.engine import carry_out
from nfdsl.study.events import Given, Notice, Opened, Started
from nfdsl.study.lock import Held


def test_a_study_in_use_is_not_touched(sketch, carry, directory):
    sketch.cell("cell")
    with directory.lock(), pytest.raises(Held, match="in use by process"):
        carry(sketch.plan())
    assert not (directory.path / "plan.json").exists()


def test_closing_the_events_early_leaves_no_worker_and_no_lock(sketch, carry, directory, command):
    sketch.cell("cell")
    plan = sketch.plan()
    carry(plan)  # writes the script
    for run in plan.runs:
        directory.result_json(run.id).unlink()
    events = carry_out(plan, directory, study_json="{}", plan_json="{}", command=command)
    for event in events:
        if isinstance(event, Started):
            break
    events.close()
    with directory.lock():
        pass


def read_rest(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Returns what follows on stdout and stderr to their ends; `communicate` would lose what `read_until` has read."""
    assert process.stdout is not None
    assert process.stderr is not None
    return process.stdout.read(), process.stderr.read()


def read_until(process: subprocess.Popen[str], word: str) -> list[str]:
    """Returns the fields of the first event whose class is `word`."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(word):
            return line.split()
    raise AssertionError(f"no {word}")


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_and_the_next_call_continues(sketch, drive, carry, given, number, outcome, of):
    runs = sketch.cell("cell", (0.1, 0.2))
    with drive(sketch.plan(), **{runs[0]: {"do": ["hold"]}}) as process:
        assert read_until(process, "Progress")[1] == runs[0]
        process.send_signal(number)
        rest, errors = read_rest(process)
    assert not errors
    assert [line.split()[0] for line in rest.splitlines() if not line.startswith("Progress")] == [
        "Stopping",
        "Saved",
        "Stopped",
        "Closed",
    ]
    events = carry(sketch.plan())
    assert of(Started, events)[0].step > 0
    assert given() == [runs[0], runs[0], runs[1]]
    assert outcome(events).complete


STUBBORN = """
import json, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(json.dumps({"event": "ready", "process": 0, "processes": 1}), flush=True)
run = json.loads(sys.stdin.readline())["run"].rpartition("/")[2]
progress = {"event": "progress", "run": run, "step": 1, "steps": 9, "loss": 1, "images_per_second": 1}
print(json.dumps(progress), flush=True)
time.sleep(600)
"""


@pytest.mark.slow
@pytest.mark.parametrize(("grace", "signals"), [(0.5, 1), (60, 2)])
def test_a_worker_that_will_not_leave_is_killed(sketch, drive, tmp_path, grace, signals):
    sketch.cell("cell", (0.1,))
    (tmp_path / "stubborn.py").write_text(STUBBORN)
    with drive(sketch.plan(), grace=grace, worker=tmp_path / "stubborn.py") as process:
        worker = read_until(process, "WorkerStarted")[-1]
        read_until(process, "Progress")
        process.send_signal(signal.SIGINT)
        read_until(process, "Stopping")
        if signals == 2:
            process.send_signal(signal.SIGINT)
        read_until(process, "Closed")
        assert process.wait(timeout=60) == 0
    assert not_alive(int(worker))


@pytest.mark.slow
def test_after_kill_9_the_next_call_finishes_without_a_race(sketch, drive, carry, given, outcome):
    runs = sketch.cell("cell", (0.1, 0.2))
    with drive(sketch.plan(), **{runs[0]: {"do": ["hold"]}}) as process:
        worker = int(read_until(process, "WorkerStarted")[-1])
        read_until(process, "Progress")
        process.kill()
    events = carry(sketch.plan())
    assert not_alive(worker)
    assert outcome(events).complete
    assert given() == [runs[0], runs[0], runs[1]]


LINGERING = """
import json, pathlib, sys, time
print(json.dumps({"event": "ready", "process": 0, "processes": 1}), flush=True)
run = pathlib.Path(json.loads(sys.stdin.readline())["run"])
print(json.dumps({"event": "started", "run": run.name, "step": 0, "steps": 10}), flush=True)
sys.stdin.read()
while not (run / "go").exists():
    time.sleep(0.01)
(run / "left").touch()
"""


@pytest.mark.slow
def test_the_worker_of_a_killed_call_is_waited_for(sketch, drive, directory, command, tmp_path, outcome):
    runs = sketch.cell("cell", (0.1,))
    (tmp_path / "lingering.py").write_text(LINGERING)
    with drive(sketch.plan(), worker=tmp_path / "lingering.py") as process:
        read_until(process, "Started")
        process.kill()
    events = carry_out(sketch.plan(), directory, study_json="{}", plan_json="{}", command=command)
    notice = next(events)
    assert isinstance(notice, Notice)
    assert f"a worker of process {process.pid}, which is gone" in notice.text
    (directory.run(runs[0]) / "go").touch()
    assert isinstance(next(events), Opened)
    assert (directory.run(runs[0]) / "left").exists()
    assert outcome(list(events)).complete


@pytest.mark.slow
def test_killed_at_any_moment_nothing_is_lost_or_repeated(sketch, drive, carry, given, directory, outcome, of):
    runs = sketch.cell("cell", (0.1, 0.2, 0.4, 0.8))
    sketch.cell("tuning", (0.1,), block="tuning", start=Selection(runs, "holdout.loss", 0))
    plan, complete = sketch.plan(), set[str]()
    for moment in random.Random(0).sample(range(60), 4):
        before = len(given()) if complete else 0
        with drive(plan) as process:
            for _, _ in zip(range(moment), process.stdout, strict=False):
                pass
            process.kill()
        assert not complete & set(given()[before:])
        complete = set(directory.results(run.id for run in plan.runs)[0])
    assert complete
    events = carry(plan)
    assert not complete & {event.run for event in of(Given, events)}
    assert outcome(events).complete


@pytest.mark.slow
def test_the_second_of_two_calls_leaves_at_once(sketch, drive):
    (run,) = sketch.cell("cell", (0.1,))
    plan = sketch.plan()
    with drive(plan, **{run: {"do": ["hold"]}}) as first:
        read_until(first, "Progress")
        with drive(plan, **{run: {"do": ["hold"]}}) as second:
            output, errors = second.communicate(timeout=60)
        assert output == ""
        assert f"in use by process {first.pid} on" in errors
        first.send_signal(signal.SIGINT)
        rest, _ = read_rest(first)
        assert rest.splitlines()[-1].startswith("Closed")


def not_alive(pid: int) -> bool:
    """True where the process is gone or only waits to be reaped."""
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z"
