"""Studies carried out by a fake worker that dies, fails, lies and is stopped."""

import errno
import random
import signal
import subprocess
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from nfdsl.plan import Selection
from nfdsl.run_json import load
from nfdsl.schema.training import Monotone
from nfdsl.study.directory import StudyDirectory
from nfdsl.study.engine import carry_out
from nfdsl.study.events import (
    Closed,
    Compiled,
    Dropped,
    Extended,
    Failed,
    Given,
    Notice,
    NotRun,
    Opened,
    Retried,
    Started,
    StudyEvent,
    Unneeded,
)
from nfdsl.study.lock import Held
from nfdsl.study.outcome import Compilations, Outcome


def outcome(events: list[StudyEvent]) -> Outcome:
    assert isinstance(events[-1], Closed)
    return events[-1].outcome


def of(kind: type[StudyEvent], events: Iterable[StudyEvent]) -> list[StudyEvent]:
    return [event for event in events if isinstance(event, kind)]


def test_a_study_is_carried_out_and_then_there_is_nothing_to_do(sketch, carry, given, directory):
    runs = sketch.cell("cell")
    plan = sketch.plan()
    first = outcome(carry(plan))
    assert (first.done, first.complete, first.trained) == (3, True, 3)
    assert given() == list(runs)
    assert load((directory.run(runs[1]) / "run.json").read_text()).lr == 0.2
    assert (directory.path / "study.json").read_text() == "{}"
    again = carry(plan)
    assert given() == list(runs)
    assert [type(event) for event in again] == [Opened, Closed]  # not even a worker
    assert outcome(again).done == 3
    assert outcome(again).compilations == ()


def test_runs_of_one_program_follow_each_other(sketch, carry, given):
    for images in (100, 200):
        for model in ("F0", "F1"):  # the plan's order alternates
            sketch.cell(f"{model}-{images}", (0.1,), model=model, images=images)
    events = carry(sketch.plan())
    assert given() == ["F0-100@0.1", "F0-200@0.1", "F1-100@0.1", "F1-200@0.1"]
    assert outcome(events).compilations == (Compilations("train", programs=2, times=2),)


def test_a_fine_tune_starts_from_the_best_and_waits_for_it_alone(sketch, carry, given, directory):
    runs = sketch.cell("cell")
    sketch.cell("tuning", (0.1,), block="tuning", start=Selection(runs, "holdout.loss", 0))
    sketch.cell("other", (0.1,), model="F1")
    carry(sketch.plan(), **{runs[1]: {"loss": 0.5}})
    assert given() == [*runs, "tuning@0.1", "other@0.1"]
    assert load((directory.run("tuning@0.1") / "run.json").read_text()).start == runs[1]


def test_tuning_leaves_out_what_it_does_not_need(sketch, carry, given):
    runs = sketch.cell("cell", (0.1, 0.2, 0.4, 0.8), tuner=Monotone(2))
    events = carry(sketch.plan(), **{runs[2]: {"loss": 0.5}})
    assert given() == [runs[3], runs[2], runs[1]]
    assert of(Unneeded, events) == [Unneeded(runs[0])]
    assert outcome(events).unneeded == 1
    assert outcome(events).complete


def test_a_range_goes_on_where_its_best_is_at_the_end(sketch, carry, given, directory):
    runs = sketch.cell("cell", (0.1, 0.2, 0.4), extend=2)
    tuning = sketch.cell("tuning", (0.1,), block="tuning", start=Selection(runs, "holdout.loss", 0))
    plan = sketch.plan()
    losses = {"cell@0.4": {"loss": 0.9}, "cell@0.8": {"loss": 0.8}, "cell@1.6": {"loss": 0.95}}
    events = carry(plan, **losses)
    assert given() == [*runs, "cell@0.8", "cell@1.6", *tuning]
    assert of(Extended, events) == [Extended("cell@0.8"), Extended("cell@1.6")]
    assert load(directory.run_json("tuning@0.1").read_text()).start == "cell@0.8"
    assert (outcome(events).done, outcome(events).complete) == (6, True)
    assert [type(event) for event in carry(plan, **losses)] == [Opened, Closed]


def test_a_fine_tune_whose_start_is_beaten_is_done_again(sketch, new_sketch, carry, given, directory):
    runs = sketch.cell("cell", (0.1, 0.2, 0.4))
    sketch.cell("tuning", (0.1,), block="tuning", start=Selection(runs, "holdout.loss", 0))
    losses = {"cell@0.4": {"loss": 0.9}, "cell@0.8": {"loss": 0.8}, "cell@1.6": {"loss": 0.95}}
    plan = sketch.plan()
    carry(plan, **losses)
    wider = new_sketch()
    wider.cell("cell", (0.1, 0.2, 0.4), extend=2)  # the same runs, tuned further
    wider.cell("tuning", (0.1,), block="tuning", start=Selection(runs, "holdout.loss", 0))
    events = carry(wider.plan(), **losses)
    assert given()[4:] == ["cell@0.8", "cell@1.6", "tuning@0.1"]
    (dropped,) = of(Dropped, events)
    assert (dropped.run, dropped.reason) == (
        "tuning@0.1",
        "it began from cell@0.4, and cell@0.8 has turned out to be better",
    )
    assert load(directory.run_json("tuning@0.1").read_text()).start == "cell@0.8"
    assert (directory.path / "superseded" / "tuning@0.1-cell@0.4" / "result.json").exists()
    assert outcome(events).complete


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device", "somewhere/run.json")


def test_a_full_disk_ends_the_study_with_the_reason_and_what_is_done_stays(sketch, carry, given, monkeypatch):
    runs = sketch.cell("cell")
    plan = sketch.plan()
    with monkeypatch.context() as patch:
        patch.setattr(StudyDirectory, "prepare", full)
        events = carry(plan)
    reason = "the study directory cannot be written: somewhere/run.json: No space left on device"
    assert of(NotRun, events) == [NotRun(run, reason) for run in runs]
    assert not outcome(events).complete
    assert outcome(carry(plan)).done == 3
    assert given() == list(runs)


def test_a_failure_that_cannot_be_noted_ends_the_study_too(sketch, carry, monkeypatch):
    runs = sketch.cell("cell")
    plan = sketch.plan()
    with monkeypatch.context() as patch:
        patch.setattr(StudyDirectory, "fail", full)
        events = carry(plan, **{runs[1]: {"do": ["fail"] * 9}})
    assert outcome(events).done == 1
    assert {event.run for event in of(NotRun, events)} >= {runs[2]}
    assert outcome(carry(plan, **{runs[1]: {}})).complete


def test_a_worker_that_is_killed_is_replaced_and_the_run_continues(sketch, carry, given):
    runs = sketch.cell("cell")
    events = carry(sketch.plan(), **{runs[1]: {"do": ["die", "die"]}})
    assert given() == [runs[0], runs[1], runs[1], runs[1], runs[2]]
    assert [event.attempt for event in of(Retried, events)] == [1, 2]
    assert [event.step for event in of(Started, events)] == [0, 0, 3, 6, 0]
    assert outcome(events).complete
    assert outcome(events).compilations == (Compilations("train", programs=1, times=3),)


def test_a_run_that_kills_its_worker_three_times_has_failed(sketch, carry, given, directory):
    runs = sketch.cell("cell")
    tuning = sketch.cell("tuning", (0.1,), block="tuning", start=Selection(runs, "holdout.loss", 0))
    events = carry(sketch.plan(), **{runs[0]: {"do": ["die"] * 9}})
    assert Counter(given()) == {runs[0]: 3, runs[1]: 1, runs[2]: 1}
    reason = "the worker was killed (signal 9), as happens when memory runs out"
    assert of(Failed, events) == [Failed(runs[0], reason, 3)]
    assert [event.run for event in of(NotRun, events)] == list(tuning)
    failure = directory.failure(runs[0])
    assert failure is not None
    assert (failure.reason, failure.attempts) == (reason, 3)
    assert (outcome(events).done, len(outcome(events).failed), len(outcome(events).not_run)) == (2, 1, 1)
    assert not outcome(events).complete
    assert not outcome(events).stopped


def test_a_failure_says_why_and_keeps_the_traceback(sketch, carry, given, directory):
    runs = sketch.cell("cell")
    events = carry(sketch.plan(), **{runs[0]: {"do": ["fail"] * 9}})
    assert Counter(given())[runs[0]] == 3
    assert of(Failed, events) == [Failed(runs[0], "record 7 cannot be read", 3)]
    failure = directory.failure(runs[0])
    assert failure is not None
    assert failure.detail.startswith("Traceback")


@pytest.mark.parametrize("attempts", [1, 2, 4])
def test_a_failing_run_is_tried_as_often_as_stated(sketch, carry, given, attempts):
    runs = sketch.cell("cell", (0.1, 0.2))
    events = carry(sketch.plan(), attempts=attempts, **{runs[0]: {"do": ["flake"] * 9}})
    assert given() == [runs[0]] * attempts + [runs[1]]
    assert [(event.attempt, event.attempts) for event in of(Retried, events)] == [
        (attempt, attempts) for attempt in range(1, attempts)
    ]
    assert outcome(events).done == 1


def test_a_failed_attempt_is_followed_by_a_fresh_worker(sketch, carry):
    runs = sketch.cell("cell", (0.1, 0.2))
    events = carry(sketch.plan(), **{runs[1]: {"do": ["flake"]}})
    assert len(of(Compiled, events)) == 2
    assert outcome(events).complete


def test_failed_runs_are_tried_again_by_the_next_call(sketch, carry, given, directory):
    runs = sketch.cell("cell")
    sketch.cell("tuning", (0.1,), block="tuning", start=Selection(runs, "holdout.loss", 0))
    plan = sketch.plan()
    assert not outcome(carry(plan, **{runs[0]: {"do": ["fail"] * 3}})).complete
    before = len(given())
    assert outcome(carry(plan, **{runs[0]: {"do": ["fail"] * 3}})).complete
    assert given()[before:] == [runs[0], "tuning@0.1"]
    assert directory.failure(runs[0]) is None


@pytest.mark.parametrize("lie", ["babble", "vanish"])
def test_a_worker_that_talks_nonsense_is_not_believed(sketch, carry, lie):
    runs = sketch.cell("cell", (0.1,))
    events = carry(sketch.plan(), **{runs[0]: {"do": [lie]}})
    assert len(of(Retried, events)) == 1
    assert outcome(events).complete


def test_a_diverged_run_is_a_result(sketch, carry):
    runs = sketch.cell("cell")
    tuning = sketch.cell("tuning", (0.1,), block="tuning", start=Selection(runs, "holdout.loss", 0))
    events = carry(sketch.plan(), **{run: {"state": "diverged"} for run in runs})
    assert outcome(events).diverged == 3
    assert [event.run for event in of(NotRun, events)] == list(tuning)


def test_a_torn_result_is_reported_and_the_run_done_again(sketch, carry, given, directory):
    runs = sketch.cell("cell", (0.1, 0.2))
    plan = sketch.plan()
    carry(plan)
    directory.result_json(runs[0]).write_text('{"state": "do')
    events = carry(plan)
    (notice,) = of(Notice, events)
    assert str(directory.result_json(runs[0])) in notice.text
    assert given()[2:] == [runs[0]]
    assert outcome(events).complete


def test_run_directories_of_other_plans_are_left_alone(sketch, carry, directory):
    other = directory.run("another")
    other.mkdir(parents=True)
    (other / "result.json").write_text("whatever")
    sketch.cell("cell", (0.1,))
    assert outcome(carry(sketch.plan())).done == 1
    assert (other / "result.json").read_text() == "whatever"


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (("python3", "-c", "raise SystemExit('there is no jax')"), "exit status 1: there is no jax"),
        (("/nowhere/python3",), "cannot be started"),
    ],
)
def test_a_worker_that_never_gets_ready_ends_the_study_with_the_reason(sketch, directory, command, reason):
    runs = sketch.cell("cell")
    events = list(carry_out(sketch.plan(), directory, study_json="{}", plan_json="{}", command=command))
    assert [event.run for event in of(NotRun, events)] == list(runs)
    assert all(reason in event.reason for event in of(NotRun, events))
    assert not outcome(events).complete


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
def test_a_signal_saves_and_the_next_call_continues(sketch, drive, carry, given, number):
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
print(json.dumps({"event": "ready"}), flush=True)
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
def test_after_kill_9_the_next_call_finishes_without_a_race(sketch, drive, carry, given):
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
print(json.dumps({"event": "ready"}), flush=True)
run = pathlib.Path(json.loads(sys.stdin.readline())["run"])
print(json.dumps({"event": "started", "run": run.name, "step": 0, "steps": 10}), flush=True)
sys.stdin.read()
while not (run / "go").exists():
    time.sleep(0.01)
(run / "left").touch()
"""


@pytest.mark.slow
def test_the_worker_of_a_killed_call_is_waited_for(sketch, drive, directory, command, tmp_path):
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
def test_killed_at_any_moment_nothing_is_lost_or_repeated(sketch, drive, carry, given, directory):
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


def test_torn_compilations_are_removed_and_told(sketch, carry, directory):
    sketch.cell("cell", (0.1,))
    directory.cache.mkdir(parents=True)
    (directory.cache / "jit_step-1a-cache").write_bytes(b"\x78\x9c")
    (notice,) = of(Notice, carry(sketch.plan()))
    assert notice.text == "1 compiled program in the cache, not written to the end, removed"
    assert not list(directory.cache.iterdir())
