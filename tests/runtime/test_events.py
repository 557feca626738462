"""Tests of the events a worker prints."""

import json

import pytest

from runtime.events import Compiled, Damaged, Done, Failed, Progress, Ready, Saved, Started, Stopped, line
from runtime.results import Result


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (Ready(0, 1), {"event": "ready", "process": 0, "processes": 1}),
        (Started("a", 0, 9), {"event": "started", "run": "a", "step": 0, "steps": 9}),
        (Damaged("a", 4), {"event": "damaged", "run": "a", "step": 4}),
        (Saved("a", 4), {"event": "saved", "run": "a", "step": 4}),
        (Stopped("a", 4), {"event": "stopped", "run": "a", "step": 4}),
        (
            Compiled("a", "p", "train", 1.5, True),
            {"event": "compiled", "run": "a", "program": "p", "kind": "train", "seconds": 1.5, "cached": True},
        ),
        (
            Progress("a", 4, 9, 0.5, 64.0),
            {"event": "progress", "run": "a", "step": 4, "steps": 9, "loss": 0.5, "images_per_second": 64.0},
        ),
        (
            Failed("a", "no such\nfile", "Traceback"),
            {"event": "failed", "run": "a", "reason": "no such\nfile", "detail": "Traceback"},
        ),
    ],
)
def test_an_event_is_one_line_of_json(event, expected):
    assert "\n" not in line(event)
    assert json.loads(line(event)) == expected


def test_done_carries_the_result():
    said = json.loads(line(Done("a", Result("diverged", 4, 9, None, None, None, None, 0, 1.0, None))))
    assert said["event"] == "done"
    assert said["result"]["state"] == "diverged"
    assert said["result"]["top1"] is None
