"""Event files say what the study's events say."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from tensorboardX.proto.event_pb2 import Event

from nfdsl.study.events import Evaluated, Finished, Notice, Progress, Started
from nfdsl.study.tensorboard import logged


def records(path: Path) -> Iterable[bytes]:
    """Yields the records of a TFRecord file: length of 8 bytes, its checksum of 4, the record, its checksum of 4."""
    content, place = path.read_bytes(), 0
    while place < len(content):
        length = int.from_bytes(content[place : place + 8], "little")
        yield content[place + 12 : place + 12 + length]
        place += 16 + length


def scalars(folder: Path) -> list[tuple[str, int, float]]:
    events = [Event.FromString(record) for path in sorted(folder.iterdir()) for record in records(path)]
    return [(value.tag, event.step, round(value.simple_value, 4)) for event in events for value in event.summary.value]


@pytest.fixture
def log(sketch, tmp_path):
    """Logs events of the one run there is; returns its folder."""
    sketch.cell("a", (0.1,), model="F1", block="scaling/odd name")
    plan = sketch.plan()

    def log(*events):
        stream = (event for event in events)
        assert tuple(logged(stream, plan, tmp_path)) == events
        (folder,) = tmp_path.iterdir()
        return folder

    return log


def test_losses_speeds_and_results(log, result):
    folder = log(
        Notice("hello"),
        Started("a@0.1", 0, 10),
        Progress("a@0.1", 5, 10, 2.5, 100.0),
        Evaluated("a@0.1", 5, 1.75, 0.5, None),
        Progress("a@0.1", 10, 10, None, 200.0),
        Finished("a@0.1", result(1.5, 0.75)),
    )
    assert folder.name == "scaling_odd_name_F1_1_epochs_lr_0.1_a_0.1"
    assert scalars(folder) == [
        ("train/loss", 5, 2.5),
        ("train/images_per_second", 5, 100.0),
        ("holdout/loss", 5, 1.75),
        ("holdout/top1", 5, 0.5),
        ("train/images_per_second", 10, 200.0),
        ("holdout/loss", 10, 1.5),
        ("holdout/top1", 10, 0.75),
        ("holdout/top5", 10, 0.9),
    ]


def test_a_run_that_continues_takes_back_what_came_after_its_checkpoint(log):
    folder = log(Started("a@0.1", 0, 10), Progress("a@0.1", 7, 10, 2.0, 100.0))
    log(Started("a@0.1", 5, 10), Progress("a@0.1", 6, 10, 1.9, 100.0))
    starts = [Event.FromString(record) for path in folder.iterdir() for record in records(path)]
    assert 6 in {event.step for event in starts if event.HasField("session_log")}


def test_stopping_early_closes_the_file_and_the_events(log, sketch, tmp_path):
    closed = []

    def events():
        try:
            yield Started("a@0.1", 0, 10)
            yield Progress("a@0.1", 1, 10, 2.0, 1.0)
        finally:
            closed.append(True)

    stream = logged(events(), sketch.plan(), tmp_path)
    next(stream)
    stream.close()
    assert closed
