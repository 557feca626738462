"""Tests of metrics.jsonl."""

import json
import math
from contextlib import closing

import pytest

from runtime.metrics import RECORDS, Metrics


def write(path, steps, first=0, until=None, seconds=1.0):
    metrics = Metrics(path, steps, first)
    began = metrics.seconds
    for step in range(first + 1, (until or steps) + 1):
        metrics.record(step, 1 / step, began + (step - first) * seconds)
    metrics.flush()
    metrics.close()
    return metrics


def read(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_every_step_of_a_short_run_has_a_line(tmp_path):
    write(tmp_path / "metrics.jsonl", 3, seconds=2.0)
    assert read(tmp_path / "metrics.jsonl") == [
        {"step": 1, "loss": 1.0, "seconds": 2.0},
        {"step": 2, "loss": 0.5, "seconds": 4.0},
        {"step": 3, "loss": 1 / 3, "seconds": 6.0},
    ]


def test_a_long_run_has_at_most_so_many_lines_evenly_spaced_and_its_last(tmp_path):
    steps = 10 * RECORDS - 3
    write(tmp_path / "metrics.jsonl", steps)
    recorded = [line["step"] for line in read(tmp_path / "metrics.jsonl")]
    assert recorded == [*range(10, steps, 10), steps]
    assert len(recorded) <= RECORDS


@pytest.mark.parametrize("restored", [0, 1, 5, 7])
def test_a_run_that_continues_has_the_lines_of_one_that_was_never_stopped(tmp_path, restored):
    whole = write(tmp_path / "whole.jsonl", 20)
    write(tmp_path / "cut.jsonl", 20, until=7)
    continued = write(tmp_path / "cut.jsonl", 20, first=restored)
    assert read(tmp_path / "cut.jsonl") == read(tmp_path / "whole.jsonl")
    assert continued.train_loss == whole.train_loss


def test_a_torn_last_line_is_cut(tmp_path):
    path = tmp_path / "metrics.jsonl"
    write(path, 20, until=4)
    path.write_bytes(path.read_bytes()[:-5])
    with closing(Metrics(path, 20, 4)) as metrics:
        assert [record.step for record in metrics.records] == [1, 2, 3]
    assert [line["step"] for line in read(path)] == [1, 2, 3]


def test_the_train_loss_is_the_mean_over_the_last_tenth_of_the_lines(tmp_path):
    assert write(tmp_path / "none.jsonl", 40, first=40).train_loss is None
    assert write(tmp_path / "few.jsonl", 3).train_loss == 1 / 3
    assert math.isclose(write(tmp_path / "some.jsonl", 40).train_loss, (1 / 37 + 1 / 38 + 1 / 39 + 1 / 40) / 4)
