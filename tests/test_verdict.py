"""`nfdsl check`: what it prints, writes and answers."""

import json
from pathlib import Path

import pytest

from nfdsl.catalogue import prelude
from nfdsl.cli import main

WRONG = "model m from net { depht [1, 1] }\nmodel n from m { width [16 16] }\npretrain p from base { lr 2 seconds }\n"


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Returns a spec with three mistakes, two of which can be mended, in the working directory."""
    monkeypatch.chdir(tmp_path)
    path = Path("study.nfx")
    path.write_text(WRONG + prelude())
    return path


def test_all_mistakes_and_a_last_line_that_counts_them(study: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["check", "study.nfx"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("error[") == 3
    assert err.splitlines()[-1] == "3 errors; `nfdsl check --fix` can mend 2"
    assert "\x1b" not in err


def test_one_mistake_needs_no_count(study: Path, capsys: pytest.CaptureFixture[str]):
    study.write_text("model m from net { depht [1, 1] }\n" + prelude())
    assert main(["check", "study.nfx"]) == 1
    assert "--fix" not in capsys.readouterr().err


def test_several_files(study: Path, capsys: pytest.CaptureFixture[str]):
    Path("good.nfx").write_text(prelude())
    assert main(["check", "study.nfx", "good.nfx", "absent.nfx"]) == 1
    out, err = capsys.readouterr()
    assert out == "good.nfx: in order\n"
    assert err.splitlines()[-1] == "4 errors in 2 files; `nfdsl check --fix` can mend 2"
    assert "error[unreadable-file]: cannot read absent.nfx: there is no such file" in err


def test_json(study: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["check", "--json", "study.nfx", "absent.nfx"]) == 1
    out, err = capsys.readouterr()
    codes = [found["code"] for found in json.loads(out)]
    assert codes == ["unknown-setting", "missing-comma", "wrong-unit", "unreadable-file"]
    assert err == ""


def test_sarif(study: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["check", "--sarif", "study.nfx", "absent.nfx"]) == 1
    out, err = capsys.readouterr()
    assert len(json.loads(out)["runs"][0]["results"]) == 4
    assert err == ""


def test_fixes_are_written_and_reported(study: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["check", "--fix", "study.nfx"]) == 1
    out, err = capsys.readouterr()
    assert study.read_text() == WRONG.replace("depht", "depth").replace("16 16", "16, 16") + prelude()
    assert sorted(out.splitlines()) == [
        "study.nfx:1:20: `depht` became `depth` (unknown-setting)",
        "study.nfx:2:27: added `,` (missing-comma)",
    ]
    assert err.splitlines()[-1] == "2 fixed, 1 error"
    assert main(["check", "--fix", "study.nfx"]) == 1
    assert capsys.readouterr().out == ""


def test_a_file_with_nothing_to_fix_is_not_written(study: Path):
    study.write_text(prelude())
    before = study.stat().st_ino
    assert main(["check", "--fix", "study.nfx"]) == 0
    assert study.stat().st_ino == before


def test_fixes_that_cannot_be_written_are_said_to_be(
    study: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("nfdsl.verdict.rewrite", fail)
    assert main(["check", "--fix", "study.nfx"]) == 2
    assert capsys.readouterr().err == "nfdsl: cannot write the fixes: disk full\n"
    assert study.read_text() == WRONG + prelude()


@pytest.mark.parametrize(("value", "coloured"), [("1", False), ("", True), (None, True)])
def test_colours_are_for_terminals_that_want_them(
    study: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    value: str | None,
    coloured: bool,
):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    if value is not None:
        monkeypatch.setenv("NO_COLOR", value)
    main(["check", "study.nfx"])
    assert ("\x1b[" in capsys.readouterr().err) == coloured
