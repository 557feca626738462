"""Studies whose fake worker dies, fails and lies, or whose directory cannot be written."""

import errno
from collections import Counter

import pytest

from nfdsl.plan import Selection
from nfdsl.study.directory import StudyDirectory
from nfdsl.study.engine import carry_out
from nfdsl.study.events import Compiled, Failed, Notice, NotRun, Retried, Started
from nfdsl.study.outcome import Compilations


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device", "somewhere/run.json")


def test_a_full_disk_ends_the_study_with_the_reason_and_what_is_done_stays(
    sketch, carry, given, monkeypatch, outcome, of
):
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


def test_a_failure_that_cannot_be_noted_ends_the_study_too(sketch, carry, monkeypatch, outcome, of):
    runs = sketch.cell("cell")
    plan = sketch.plan()
    with monkeypatch.context() as patch:
        patch.setattr(StudyDirectory, "fail", full)
        events = carry(plan, **{runs[1]: {"do": ["fail"] * 9}})
    assert outcome(events).done == 1
    assert {event.run for event in of(NotRun, events)} >= {runs[2]}
    assert outcome(carry(plan, **{runs[1]: {}})).complete


def test_a_worker_that_is_killed_is_replaced_and_the_run_continues(sketch, carry, given, outcome, of):
    runs = sketch.cell("cell")
    events = carry(sketch.plan(), **{runs[1]: {"do": ["die", "die"]}})
    assert given() == [runs[0], runs[1], runs[1], runs[1], runs[2]]
    assert [event.attempt for event in of(Retried, events)] == [1, 2]
    assert [event.step for event in of(Started, events)] == [0, 0, 3, 6, 0]
    assert outcome(events).complete
    assert outcome(events).compilations == (Compilations("train", programs=1, times=3),)


def test_attempts_count_anew_from_each_state_that_is_saved(sketch, carry, given, outcome, of):
    runs = sketch.cell("cell", (0.1,))
    events = carry(sketch.plan(), attempts=3, **{runs[0]: {"do": ["fall", "flake", "fall", "fall", "flake"]}})
    assert [event.attempt for event in of(Retried, events)] == [1, 2, 1, 1, 2]
    assert of(Failed, events) == []
    assert given() == [runs[0]] * 6
    assert outcome(events).complete


def test_a_run_that_kills_its_worker_three_times_has_failed(sketch, carry, given, directory, outcome, of):
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


def test_a_failure_says_why_and_keeps_the_traceback(sketch, carry, given, directory, of):
    runs = sketch.cell("cell")
    events = carry(sketch.plan(), **{runs[0]: {"do": ["fail"] * 9}})
    assert Counter(given())[runs[0]] == 3
    assert of(Failed, events) == [Failed(runs[0], "record 7 cannot be read", 3)]
    failure = directory.failure(runs[0])
    assert failure is not None
    assert failure.detail.startswith("Traceback")


@pytest.mark.parametrize("attempts", [1, 2, 4])
def test_a_failing_run_is_tried_as_often_as_stated(sketch, carry, given, attempts, outcome, of):
    runs = sketch.cell("cell", (0.1, 0.2))
    events = carry(sketch.plan(), attempts=attempts, **{runs[0]: {"do": ["flake"] * 9}})
    assert given() == [runs[0]] * attempts + [runs[1]]
    assert [(event.attempt, event.attempts) for event in of(Retried, events)] == [
        (attempt, attempts) for attempt in range(1, attempts)
    ]
    assert outcome(events).done == 1


def test_a_failed_attempt_is_followed_by_a_fresh_worker(sketch, carry, outcome, of):
    runs = sketch.cell("cell", (0.1, 0.2))
    events = carry(sketch.plan(), **{runs[1]: {"do": ["flake"]}})
    assert len(of(Compiled, events)) == 2
    assert outcome(events).complete


def test_failed_runs_are_tried_again_by_the_next_call(sketch, carry, given, directory, outcome):
    runs = sketch.cell("cell")
    sketch.cell("tuning", (0.1,), block="tuning", start=Selection(runs, "holdout.loss", 0))
    plan = sketch.plan()
    assert not outcome(carry(plan, **{runs[0]: {"do": ["fail"] * 3}})).complete
    before = len(given())
    assert outcome(carry(plan, **{runs[0]: {"do": ["fail"] * 3}})).complete
    assert given()[before:] == [runs[0], "tuning@0.1"]
    assert directory.failure(runs[0]) is None


@pytest.mark.parametrize("lie", ["babble", "vanish"])
def test_a_worker_that_talks_nonsense_is_not_believed(sketch, carry, lie, outcome, of):
    runs = sketch.cell("cell", (0.1,))
    events = carry(sketch.plan(), **{runs[0]: {"do": [lie]}})
    assert len(of(Retried, events)) == 1
    assert outcome(events).complete


def test_a_torn_result_is_reported_and_the_run_done_again(sketch, carry, given, directory, outcome, of):
    runs = sketch.cell("cell", (0.1, 0.2))
    plan = sketch.plan()
    carry(plan)
    directory.result_json(runs[0]).write_text('{"state": "do')
    events = carry(plan)
    (notice,) = of(Notice, events)
    assert str(directory.result_json(runs[0])) in notice.text
    assert given()[2:] == [runs[0]]
    assert outcome(events).complete


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (("python3", "-c", "raise SystemExit('there is no jax')"), "exit status 1: there is no jax"),
        (("/nowhere/python3",), "cannot be started"),
    ],
)
def test_a_worker_that_never_gets_ready_ends_the_study_with_the_reason(sketch, directory, command, reason, outcome, of):
    runs = sketch.cell("cell")
    events = list(carry_out(sketch.plan(), directory, study_json="{}", plan_json="{}", command=command))
    assert [event.run for event in of(NotRun, events)] == list(runs)
    assert all(reason in event.reason for event in of(NotRun, events))
    assert not outcome(events).complete
