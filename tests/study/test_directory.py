"""Files of a study directory: whole or absent, and named when they cannot be read."""

import errno
import json
from pathlib import Path

import pytest

from nfdsl.lower import lower
from nfdsl.plan import Selection
from nfdsl.run_json import dump
from nfdsl.study.directory import Failure, StudyDirectory, Unfit, Unreadable, unwritable, write_atomically

RESULT = {
    "state": "done",
    "step": 1,
    "steps": 1,
    "train_loss": 1.0,
    "holdout_loss": 1.0,
    "top1": 0.5,
    "top5": 0.5,
    "examples_evaluated": 1,
    "seconds": 1.0,
    "images_per_second": 1.0,
}


def finish(directory: StudyDirectory, run: str, text: str | None = None) -> None:
    directory.prepare(run, "{}")
    directory.result_json(run).write_text(json.dumps(RESULT) if text is None else text)


def test_writing_replaces_the_file_and_leaves_nothing_else(tmp_path: Path):
    path = tmp_path / "study.json"
    write_atomically(path, "first")
    write_atomically(path, "zweite Ä")
    assert path.read_text(encoding="utf-8") == "zweite Ä"
    assert list(tmp_path.iterdir()) == [path]


def test_the_whole_path_counts_where_checkpoints_could_not_be_read_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "a[b]").mkdir()
    monkeypatch.chdir(tmp_path / "a[b]")
    with pytest.raises(Unfit, match=r"because of the `\["), StudyDirectory(Path("r")).lock():
        pass
    assert not Path("r").exists()


@pytest.mark.parametrize("name", ["r*", "r?", "r{a,b}", "r ü $x", "r]"])
def test_other_signs_may_stand_in_the_path(tmp_path: Path, name: str):
    with StudyDirectory(tmp_path / name).lock():
        assert (tmp_path / name).is_dir()


def test_beginning_writes_both_documents(directory: StudyDirectory):
    with directory.lock():
        directory.begin('{"study": 1}', '{"plan": 1}')
    assert json.loads((directory.path / "study.json").read_text()) == {"study": 1}
    assert json.loads((directory.path / "plan.json").read_text()) == {"plan": 1}


def test_a_run_is_complete_exactly_if_its_result_can_be_read(directory: StudyDirectory):
    finish(directory, "good")
    finish(directory, "torn", '{"state": "do')
    directory.prepare("begun", "{}")
    results, unreadable = directory.results(["good", "torn", "begun", "never"])
    assert list(results) == ["good"]
    assert [str(directory.result_json("torn")) in str(error) for error in unreadable] == [True]


def test_preparing_clears_what_stands_in_the_way_and_keeps_the_rest(directory: StudyDirectory):
    finish(directory, "run", "torn")
    directory.fail("run", Failure("reason", "detail", 3))
    directory.metrics("run").write_text("{}")
    folder = directory.prepare("run", "new")
    assert (folder / "run.json").read_text() == "new"
    assert directory.failure("run") is None
    assert directory.result("run") is None
    assert (folder / "result.unreadable").read_text() == "torn"
    assert directory.metrics("run").exists()


def test_a_failure_comes_back_as_it_was_written(directory: StudyDirectory):
    directory.prepare("run", "{}")
    failure = Failure("record 7 cannot be read", "Traceback ...\n", 2)
    directory.fail("run", failure)
    assert directory.failure("run") == failure
    assert directory.failure("other") is None


def test_an_unreadable_failure_is_named(directory: StudyDirectory):
    directory.prepare("run", "{}")
    directory.failure_json("run").write_text("{}")
    with pytest.raises(Unreadable, match=r'failure\.json cannot be read: "reason" is missing'):
        directory.failure("run")


def test_locking_makes_the_directory(directory: StudyDirectory):
    with directory.lock():
        assert directory.path.is_dir()


def test_a_run_folder_is_set_aside_under_the_start_it_had(sketch, directory):
    runs = sketch.cell("a")
    (tuned,) = sketch.cell("f", [0.1], start=Selection(runs, "holdout.loss", 0))
    assert directory.start(tuned) is None
    directory.path.mkdir()
    directory.prepare(tuned, dump(lower(sketch.runs[-1], "a@0.2")))
    assert directory.start(tuned) == "a@0.2"
    directory.set_aside(tuned)
    assert not directory.run(tuned).exists()
    assert (directory.path / "superseded" / "f@0.1-a@0.2" / "run.json").exists()
    directory.set_aside(tuned)  # there is none


def test_a_file_that_cannot_be_written_leaves_the_old_one_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "plan.json"
    write_atomically(path, "old")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left on device") as caught:
        write_atomically(path, "new")
    assert unwritable(caught.value) == f"the study directory cannot be written: {path}: No space left on device"
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
