"""How the commands for a study end, without a worker."""

import json
import sys
from pathlib import Path

import pytest

from nfdsl.check.spec import study_of
from nfdsl.cli import main
from nfdsl.lower import lower
from nfdsl.plan import plan
from nfdsl.run_json import dump
from nfdsl.source import Source
from nfdsl.study.description import describe
from nfdsl.study.directory import StudyDirectory
from nfdsl.tables import plan_json

TINY = """
data digits { source builtin(digits)
  classes 10
  holdout 360 images
}
model net { depth [2]
  width [8]
}
pretrain base { model net
  data digits
  budget {1 epochs, 2 epochs}
  batch 50 images
  resolution train 8px, eval 8px
  lr tune {0.1, 0.4}
}
finetune tuned { start base by holdout.loss
  data digits
  budget 1 epochs
  batch 50 images
  resolution train 12px, eval 16px
  lr 0.1
}
"""


def test_the_status_of_no_study_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["status", str(tmp_path)]) == 2
    assert "is not the directory of a study" in capsys.readouterr().err


def test_without_tensorboardx_it_is_said_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "tiny.nfx").write_text(TINY)
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    monkeypatch.delitem(sys.modules, "nfdsl.study.tensorboard", raising=False)
    monkeypatch.chdir(tmp_path)
    assert main(["run", "tiny.nfx", "--tensorboard"]) == 2
    assert "pip install 'nfdsl[tensorboard]'" in capsys.readouterr().err
    assert not (tmp_path / "studies").exists()


def test_a_directory_that_cannot_be_made_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "tiny.nfx").write_text(TINY)
    (tmp_path / "studies").write_text("a file")
    monkeypatch.chdir(tmp_path)
    assert main(["run", "tiny.nfx"]) == 3
    error = capsys.readouterr().err
    assert error.startswith("nfdsl: the study directory cannot be written: studies")
    assert len(error.splitlines()) == 1


@pytest.mark.parametrize(
    ("spec", "out", "found"),
    [
        ("tiny.nfx", ["--out", "r[1]"], "["),
        ("tiny.nfx", ["--out", "r[1]/tiny"], "["),
        ("tiny.nfx", ["--out", "r**"], "**"),
        ("tiny.nfx", ["--out", "r\\1"], "\\"),
        ("odd [b].nfx", [], "["),
    ],
)
def test_a_directory_whose_checkpoints_could_not_be_read_back_is_refused(
    spec: str,
    out: list[str],
    found: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    (tmp_path / spec).write_text(TINY)
    monkeypatch.chdir(tmp_path)
    assert main(["run", spec, *out]) == 2
    (error,) = capsys.readouterr().err.splitlines()
    assert f"because of the `{found}` in that path" in error
    assert error.endswith("--out DIR")
    assert [path.name for path in tmp_path.iterdir()] == [spec]


@pytest.mark.parametrize("command", [["status"], ["report"], ["audit"], ["plan", "tiny.nfx", "--out"]])
def test_a_file_is_not_the_directory_of_a_study(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "tiny.nfx").write_text(TINY)
    monkeypatch.chdir(tmp_path)
    assert main([*command, "tiny.nfx"]) == 2
    (error,) = capsys.readouterr().err.splitlines()
    assert error.startswith("nfdsl: tiny.nfx")
    assert "directory of a study" in error or "is no study directory" in error


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["status", "studies/tiny"], 2),
        (["report", "studies/tiny"], 2),
        (["fit", "studies/tiny", "--form", "power"], 2),
        (["plan", "tiny.nfx"], 2),
        (["run", "tiny.nfx"], 2),
        (["audit", "studies/tiny"], 3),
    ],
)
def test_a_result_that_cannot_be_read_is_named(
    command: list[str],
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    """A folder stands for a file that may not be read, as who runs the tests may read all files."""
    (tmp_path / "tiny.nfx").write_text(TINY)
    monkeypatch.chdir(tmp_path)
    directory, run = begun(tmp_path / "tiny.nfx")
    directory.result_json(run).mkdir(parents=True)
    assert main(command) == code
    said = "".join(capsys.readouterr()).replace("\n", "")
    assert f"{run}/result.json cannot be read: it is a folder" in said
    assert directory.result_json(run).is_dir()


def begun(spec: Path) -> tuple[StudyDirectory, str]:
    """Returns the directory of a study that was begun beside its spec, and the first run."""
    source = Source(str(spec), spec.read_text())
    study, _ = study_of(source)
    assert study is not None
    planned, _ = plan(study, spec.stem)
    assert planned is not None
    directory = StudyDirectory(Path("studies") / spec.stem)
    with directory.lock():
        directory.begin(describe(planned, source), plan_json(planned, {}))
    return directory, planned.runs[0].id


def test_a_plan_says_what_would_run_again_and_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "tiny.nfx").write_text(TINY)
    monkeypatch.chdir(tmp_path)
    study, _ = study_of(Source("tiny.nfx", TINY))
    assert study is not None
    planned, _ = plan(study, "tiny")
    assert planned is not None
    directory = StudyDirectory(Path("studies/tiny"))
    with directory.lock():
        directory.begin("{}", plan_json(planned, {}))
    for run in planned.runs:
        directory.prepare(run.id, dump(lower(run, None)))
    assert main(["plan", "tiny.nfx", "--set", "base.batch=25 images"]) == 0
    said = capsys.readouterr().out
    assert "would run 4 runs of base because batch changed 50 -> 25" in said
    assert "would run 1 run of tuned because the runs it may start from changed" in said
    assert main(["plan", "tiny.nfx"]) == 0
    assert "because" not in capsys.readouterr().out


def test_no_attempt_at_all_is_wrong_usage(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit, match="2"):
        main(["run", "x.nfx", "--attempts", "0"])
    assert "a run is tried once at least" in capsys.readouterr().err


def test_a_study_that_is_done_and_cannot_be_reported_is_no_success(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    lines = TINY.partition("finetune")[0].replace("{1 epochs, 2 epochs}", "1 epochs").replace("tune {0.1, 0.4}", "0.1")
    (tmp_path / "tiny.nfx").write_text(lines)
    monkeypatch.chdir(tmp_path)
    directory, run = begun(tmp_path / "tiny.nfx")
    directory.run(run).mkdir(parents=True)
    numbers = ("train_loss", "holdout_loss", "top1", "top5", "seconds", "images_per_second")
    counts = {"step": 29, "steps": 29, "examples_evaluated": 360}
    directory.result_json(run).write_text(json.dumps({"state": "done", **counts, **dict.fromkeys(numbers, 0.5)}))
    directory.run_json(run).write_text("no run")
    assert main(["run", "tiny.nfx"]) == 2
    said = capsys.readouterr()
    assert "1 of them already complete" in said.out
    assert f"{run}/run.json cannot be read" in said.err
