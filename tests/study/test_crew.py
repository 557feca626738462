"""A worker at hand: started when needed, replaced when gone, told to stop."""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from nfdsl.study.crew import Crew
from nfdsl.study.events import Stopping, Tick, WorkerStarted
from nfdsl.study.interrupts import Interrupts

READY = 'import time; print(\'{"event": "ready", "process": 0, "processes": 1}\', flush=True); time.sleep(60)'


@pytest.fixture
def lock(tmp_path: Path) -> Iterator[int]:
    descriptor = os.open(tmp_path / "lock", os.O_CREAT | os.O_RDWR)
    yield descriptor
    os.close(descriptor)


def crew(code: str, tmp_path: Path, lock: int, stop: Interrupts | None = None, grace: float = 60) -> Crew:
    team = Crew((sys.executable, "-c", code), tmp_path / "worker.log", grace, stop or Interrupts())
    team.lock = lock
    return team


def get_ready(team: Crew) -> tuple[list[object], str | None]:
    """Returns what happened on the way (ticks left out) and the obstacle."""
    events, steps = [], team.ready()
    while True:
        try:
            event = next(steps)
        except StopIteration as end:
            return events, end.value
        if not isinstance(event, Tick):
            events.append(event)


def test_a_worker_is_started_once_while_it_lives(tmp_path, lock):
    with crew(READY, tmp_path, lock) as team:
        events, obstacle = get_ready(team)
        assert [type(event) for event in events] == [WorkerStarted]
        assert obstacle is None
        assert get_ready(team) == ([], None)
        team.dismiss()
        assert [type(event) for event in get_ready(team)[0]] == [WorkerStarted]


def test_no_worker_is_left_behind(tmp_path, lock):
    with crew(READY, tmp_path, lock) as team:
        (started,), _ = get_ready(team)
    with pytest.raises(ProcessLookupError):
        os.kill(started.pid, 0)


def test_three_deaths_before_being_ready_are_enough(tmp_path, lock):
    with crew("raise SystemExit('no jax')", tmp_path, lock) as team:
        events, obstacle = get_ready(team)
    assert [type(event) for event in events] == [WorkerStarted] * 3
    assert obstacle == "the worker left with exit status 1: no jax"


def test_one_death_before_being_ready_is_not(tmp_path, lock):
    mark = tmp_path / "tried"
    once = f"import os\nif not os.path.exists({str(mark)!r}): open({str(mark)!r}, 'w'), os._exit(1)\n"
    with crew(once + READY, tmp_path, lock) as team:
        events, obstacle = get_ready(team)
    assert len(events) == 2
    assert obstacle is None


def test_a_stop_ends_waiting_for_a_worker(tmp_path, lock):
    stop = Interrupts(count=1)
    with crew("import time; time.sleep(60)", tmp_path, lock, stop) as team:
        events, obstacle = get_ready(team)
    assert [type(event) for event in events] == [WorkerStarted, Stopping]
    assert obstacle is None


PROGRESS = '{"event": "progress", "run": "r", "step": 1, "steps": 9, "loss": 1, "images_per_second": 1}'
SAVED = '{"event": "saved", "run": "r", "step": 1}'


def deaf(*lines: str) -> str:
    """A worker that will not leave, after saying `lines`."""
    said = "".join(f"print({line!r}, flush=True); " for line in lines)
    return f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {said}{READY}"


@dataclass
class Clock:
    """Goes on by a quarter of a second each time it is looked at, however fast the machine is."""

    now: float = 0.0

    def monotonic(self) -> float:
        self.now += 0.25
        return self.now


@pytest.mark.slow
@pytest.mark.parametrize(
    ("grace", "stops", "lines", "least", "most"),
    [
        (5, 1, (PROGRESS,), 5, 6),  # the grace is over
        (60, 2, (PROGRESS,), 0, 1),  # the second request
        (60, 1, (), 2, 3),  # nothing to save
        (60, 1, (PROGRESS, SAVED), 2, 3),
        (3, 1, (SAVED, PROGRESS), 3, 4),
    ],
)
def test_who_does_not_leave_is_killed(tmp_path, lock, monkeypatch, grace, stops, lines, least, most):
    clock, stop = Clock(), Interrupts()
    monkeypatch.setattr("nfdsl.study.crew.time", clock)
    with crew(deaf(*lines), tmp_path, lock, stop, grace) as team:
        get_ready(team)
        stop.count = 1
        for event in team.listen():
            stop.count = stops if isinstance(event, Stopping) else stop.count
        assert "killed" in team.death().reason
    assert least <= clock.now <= most
