"""A worker's lines as events."""

import json
from typing import Any

import pytest

from nfdsl.study.events import (
    Broken,
    Compiled,
    Damaged,
    Done,
    Evaluated,
    Progress,
    Ready,
    Saved,
    Started,
    Stopped,
    WorkerEvent,
    read,
)
from nfdsl.study.fields import Malformed


def line(event: str, **fields: Any) -> bytes:
    return json.dumps({"event": event, **fields}).encode()


@pytest.mark.parametrize(
    ("text", "event"),
    [
        (line("ready", process=1, processes=2), Ready(1, 2)),
        (line("started", run="r", step=3, steps=9), Started("r", 3, 9)),
        (
            line("compiled", run="r", program="p", kind="train", seconds=1.5, cached=True),
            Compiled("r", "p", "train", 1.5, True),
        ),
        (line("damaged", run="r", step=3), Damaged("r", 3)),
        (
            line("progress", run="r", step=3, steps=9, loss=2.5, images_per_second=100),
            Progress("r", 3, 9, 2.5, 100.0),
        ),
        (
            line("progress", run="r", step=3, steps=9, loss=float("nan"), images_per_second=100),
            Progress("r", 3, 9, None, 100.0),
        ),
        (line("saved", run="r", step=3), Saved("r", 3)),
        (
            line("evaluated", run="r", step=3, holdout_loss=1.5, top1=0.5, top5=None),
            Evaluated("r", 3, 1.5, 0.5, None),
        ),
        (line("done", run="r", result={"anything": 1}), Done("r")),
        (line("failed", run="r", reason="why", detail="where"), Broken("r", "why", "where")),
        (line("stopped", run="r", step=3), Stopped("r", 3)),
    ],
)
def test_every_event_is_read(text: bytes, event: WorkerEvent):
    assert read(text) == event


@pytest.mark.parametrize(
    "text",
    [
        b"{",
        b"[]",
        line("unheard"),
        line("unheard", run="r"),
        line("started", run="r", step="3", steps=9),
        line("compiled", run="r", program="p", kind="paint", seconds=1, cached=False),
        line("progress", step=3),
    ],
)
def test_anything_else_is_malformed(text: bytes):
    with pytest.raises(Malformed):
        read(text)


def test_failures_are_the_same_by_reason_whatever_the_traceback():
    assert Broken("r", "why", "line 1") == Broken("r", "why", "line 2")
    assert Broken("r", "why", "") != Broken("r", "other", "")
