"""Faults on disk and in data: the last good state stays, and what happened is said."""

import errno
import itertools
import random
import resource
import threading
import time
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from nfdsl.audit.run import audit_run
from nfdsl.audit.study import remarks
from nfdsl.run_json import dump
from nfdsl.schema.data import Data, Dedup, Folder
from nfdsl.schema.probes import FewShot
from nfdsl.schema.run import Length
from runtime.checkpoint import CheckpointError
from runtime.data import dataset
from runtime.data.records import Unreadable
from runtime.events import Done, Saved, Started
from runtime.ledger import LedgerError
from runtime.results import read_result
from runtime.train import train


def begun(run, folder, programs):
    folder.mkdir(exist_ok=True)
    (folder / "run.json").write_text(dump(run))
    return train(run, folder, programs, None, threading.Event(), save_seconds=0)


def until_saved(events, step):
    return next(event for event in events if event == Saved("small", step))


def measured(folder):
    return replace(read_result(folder / "result.json"), seconds=0.0, images_per_second=None)


@contextmanager
def full_disk(room):
    """Files longer than `room` bytes cannot be written, whoever writes them: Python, Orbax, or what is below."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # Orbax leaves tasks behind
@pytest.mark.parametrize("room", [100, 3_000, 10_000])
def test_a_run_on_a_full_disk_stops_and_goes_on_once_there_is_room(small_run, tmp_path, programs, room):
    *_, done = begun(small_run, tmp_path / "whole", programs)
    events = begun(small_run, tmp_path / "full", programs)
    until_saved(events, 5)
    with full_disk(room), pytest.raises((CheckpointError, OSError)) as caught:
        list(events)
    if isinstance(caught.value, CheckpointError):
        assert "cannot be saved" in str(caught.value)
    else:
        assert caught.value.errno == errno.EFBIG
    assert audit_run(tmp_path / "full").verdict == "unfinished"
    again, *_, last = begun(small_run, tmp_path / "full", programs)
    assert isinstance(again, Started)
    assert again.step >= 5
    assert isinstance(last, Done)
    assert isinstance(done, Done)
    assert measured(tmp_path / "full") == measured(tmp_path / "whole")
    assert audit_run(tmp_path / "full").verdict == "proved"


@pytest.mark.parametrize("jump", [-1e6, 3e8])
def test_a_clock_that_jumped_while_a_run_was_away_changes_nothing(small_run, tmp_path, programs, monkeypatch, jump):
    *_, done = begun(small_run, tmp_path / "whole", programs)
    events = begun(small_run, tmp_path / "jumps", programs)
    until_saved(events, 5)
    events.close()
    true_time = time.time
    monkeypatch.setattr(time, "time", lambda: true_time() + jump)
    *_, jumped = begun(small_run, tmp_path / "jumps", programs)
    assert isinstance(done, Done)
    assert isinstance(jumped, Done)
    assert measured(tmp_path / "jumps") == measured(tmp_path / "whole")
    assert audit_run(tmp_path / "jumps").verdict == "proved"


@pytest.mark.parametrize(("save_seconds", "saved"), [(1e9, [19]), (0, range(1, 20))])
def test_a_clock_that_jumps_to_and_fro_while_a_run_trains_changes_nothing(
    small_run, tmp_path, programs, monkeypatch, save_seconds, saved
):
    """Intervals are those of the clock that only goes on; the time of day is nothing that counts."""
    *_, done = begun(small_run, tmp_path / "whole", programs)
    true_time, draws, jumps = time.time, random.Random(0), [0.0]
    monkeypatch.setattr(time, "time", lambda: true_time() + jumps[-1])
    folder, reached = tmp_path / "jumps", []
    folder.mkdir()
    (folder / "run.json").write_text(dump(small_run))
    for event in train(small_run, folder, programs, None, threading.Event(), save_seconds=save_seconds):
        jumps.append(draws.uniform(-1e9, 1e9))
        reached += [event.step] if isinstance(event, Saved) else []
    assert reached == [*saved]
    assert isinstance(done, Done)
    assert measured(folder) == measured(tmp_path / "whole")
    assert audit_run(folder).verdict == "proved"


@pytest.fixture
def images(tmp_path):
    """A folder of 40 images in 2 classes."""
    draws = np.random.default_rng(0)
    for label, number in itertools.product("ab", range(20)):
        (tmp_path / "images" / label).mkdir(parents=True, exist_ok=True)
        pixels = draws.integers(0, 255, (8, 8, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / "images" / label / f"{number:02}.png")
    dataset.open_dataset.cache_clear()
    return tmp_path / "images"


def on_images(run, images, **data):
    recipe = replace(run.recipe, data=Data(source=Folder(str(images)), classes=10, **data))
    return replace(run, recipe=recipe, length=Length(images=96, steps=3, warmup_steps=2))


def test_a_run_whose_data_changed_is_refused(small_run, tmp_path, programs, images):
    run = on_images(small_run, images)
    events = begun(run, tmp_path / "run", programs)
    until_saved(events, 1)
    events.close()
    (images / "b" / "07.png").write_bytes(b"something else")
    dataset.open_dataset.cache_clear()
    with pytest.raises(
        LedgerError, match=f"the data set {images} has changed since the run began: its fingerprint was"
    ):
        list(begun(run, tmp_path / "run", programs))
    Image.new("RGB", (8, 8)).save(images / "b" / "20.png")
    dataset.open_dataset.cache_clear()
    with pytest.raises(LedgerError, match="it had 40 images to train on and has 41 now"):
        list(begun(run, tmp_path / "run", programs))


def test_what_a_list_excludes_is_never_fed_and_the_list_stays_as_it_was(small_run, tmp_path, programs, images):
    """Not even read: the three images are none."""
    listed, excluded = tmp_path / "listed", ["a/03.png", "b/07.png", "b/19.png"]
    listed.write_text("\n".join(excluded))
    for name in excluded:
        (images / name).write_bytes(b"no image")
    run = on_images(small_run, images, examples=37, dedup=Dedup(excluding=str(listed)))
    events = begun(run, tmp_path / "run", programs)
    until_saved(events, 1)
    events.close()
    listed.write_text("\n".join(["a/04.png", *excluded[1:]]))
    dataset.open_dataset.cache_clear()
    with pytest.raises(LedgerError, match="has changed since the run began: 1 more are left out, 1 no longer"):
        list(begun(run, tmp_path / "run", programs))
    listed.write_text("\n".join(reversed(excluded)))
    dataset.open_dataset.cache_clear()
    *_, done = begun(run, tmp_path / "run", programs)
    assert isinstance(done, Done)
    audited = audit_run(tmp_path / "run")
    assert (audited.verdict, audited.compared) == ("proved", 1.0)
    assert [(epoch.views, epoch.of) for epoch in audited.epochs] == [(37, 37), (37, 37), (22, 37)]


def test_a_run_stops_at_a_record_that_cannot_be_read(small_run, tmp_path, programs, images):
    (images / "b" / "07.png").write_bytes(b"no image")
    with pytest.raises(Unreadable, match=r"record 27 \(.*b/07.png\) cannot be read"):
        list(begun(on_images(small_run, images), tmp_path / "run", programs))


def test_a_run_may_go_on_without_it_and_its_ledger_says_so(small_run, tmp_path, programs, images):
    (images / "b" / "07.png").write_bytes(b"no image")
    *_, done = begun(on_images(small_run, images, on_corrupt="skip"), tmp_path / "run", programs)
    assert isinstance(done, Done)
    audited = audit_run(tmp_path / "run")
    assert (audited.verdict, audited.missing, audited.doubled) == ("proved", (), ())
    assert {part.records for part in audited.skipped} == {(27,)}
    assert {part.epoch for part in audited.skipped} >= {0, 1}
    assert remarks(audited)[0].startswith("could not be read, left out: place ")


def test_what_a_record_of_a_probe_does_that_cannot_be_read_is_said_by_the_probe_s_own_data(
    small_run, tmp_path, programs, images
):
    (images / "b" / "07.png").write_bytes(b"no image")
    run = replace(small_run, length=Length(images=32, steps=1, warmup_steps=0))
    stops, skips = (
        FewShot(Data(source=Folder(str(images)), classes=2, holdout=10, on_corrupt=way), shots=(5,))
        for way in ("stop", "skip")
    )
    *_, done = begun(replace(run, recipe=replace(run.recipe, probe=skips)), tmp_path / "skips", programs)
    assert isinstance(done, Done)
    with pytest.raises(Unreadable, match=r"b/07.png\) cannot be read"):
        list(begun(replace(run, recipe=replace(run.recipe, probe=stops)), tmp_path / "stops", programs))
