"""`nfdsl new`: the spec it writes is in order, in style and small."""

from collections.abc import Callable
from pathlib import Path

import pytest

from nfdsl.cli import main
from nfdsl.plan import Plan
from nfdsl.source import Source
from nfdsl.starter import write_starter
from nfdsl.syntax.format import formatted


@pytest.mark.parametrize(("name", "file"), [("study", "study.nfx"), ("my.study", "my.study.nfx"), ("a.nfx", "a.nfx")])
def test_the_file_has_the_ending_of_specs(tmp_path: Path, name: str, file: str):
    assert write_starter(str(tmp_path / name)) == tmp_path / file
    assert [path.name for path in tmp_path.iterdir()] == [file]


def test_the_starter_is_in_order_in_style_and_small(tmp_path: Path, planned: Callable[[str], Plan]):
    text = write_starter(str(tmp_path / "a")).read_text()
    assert formatted(Source("a.nfx", text)) == text
    plan = planned(text)
    assert len(plan.programs) == 2
    assert len(plan.runs) <= 18
    assert sum(run.train_flops for run in plan.runs) < 2e12, "a minute on two CPU cores"
    assert plan.figures


def test_the_command_says_what_comes_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    assert main(["new"]) == 0
    assert "nfdsl run study.nfx" in capsys.readouterr().out
    assert main(["check", "study.nfx"]) == 0


def test_nothing_is_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.nfx").write_text("mine")
    assert main(["new", "mine"]) == 2
    assert (tmp_path / "mine.nfx").read_text() == "mine"
    assert "mine.nfx is there already" in capsys.readouterr().err


def test_where_no_file_can_be_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["new", str(tmp_path / "none" / "a")]) == 2
    assert "No such file or directory" in capsys.readouterr().err
