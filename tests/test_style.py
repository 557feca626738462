"""`nfdsl fmt`: what it writes, what it leaves alone, what it says."""

from pathlib import Path

import pytest

from nfdsl.cli import main
from nfdsl.style import style

MESSY = b"\xef\xbb\xbfmodel  m {\r\n depth [1,2]\r\n}"
NEAT = b"model m {\n  depth       [1, 2]\n}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Returns the folder the command is called in, with a file out of style, one in it and a broken one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "messy.nfx").write_bytes(MESSY)
    (tmp_path / "neat.nfx").write_bytes(NEAT)
    (tmp_path / "broken.nfx").write_bytes(b"model m {\n depth = [1]\n}")
    return tmp_path


def test_a_file_out_of_style_is_written(folder: Path, capsys: pytest.CaptureFixture[str]):
    (folder / "messy.nfx").chmod(0o640)
    assert main(["fmt", "messy.nfx"]) == 0
    assert (folder / "messy.nfx").read_bytes() == NEAT
    assert (folder / "messy.nfx").stat().st_mode & 0o777 == 0o640
    assert capsys.readouterr().out == "messy.nfx: formatted\n"


def test_a_file_in_style_is_not_touched(folder: Path, capsys: pytest.CaptureFixture[str]):
    before = (folder / "neat.nfx").stat()
    assert main(["fmt", "neat.nfx"]) == 0
    after = (folder / "neat.nfx").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert capsys.readouterr().out == ""


def test_check_names_files_and_writes_none(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["fmt", "--check", "neat.nfx", "messy.nfx"]) == 1
    assert capsys.readouterr().out == "messy.nfx: not in style\n"
    assert (folder / "messy.nfx").read_bytes() == MESSY
    assert main(["fmt", "--check", "neat.nfx"]) == 0


def test_a_broken_file_is_left_alone_and_the_others_are_written(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["fmt", "none.nfx", "broken.nfx", "messy.nfx"]) == 1
    said = capsys.readouterr()
    assert "cannot read none.nfx: there is no such file" in said.err
    assert "error[setting-separator]" in said.err
    assert said.out == "messy.nfx: formatted\n"
    assert (folder / "broken.nfx").read_bytes() == b"model m {\n depth = [1]\n}"


def test_what_cannot_be_written_is_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def refuse(self: Path, target: Path) -> Path:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", refuse)
    assert main(["fmt", "messy.nfx"]) == 1
    assert "cannot write messy.nfx: Permission denied" in capsys.readouterr().err
    assert (folder / "messy.nfx").read_bytes() == MESSY


def test_a_file_too_large_for_a_spec_is_left_alone(tmp_path: Path):
    path = tmp_path / "large.nfx"
    path.write_text("model a { depth [1] }\n" * 20_000)
    styled = style(str(path), check=False)
    assert (styled.changed, [found.code for found in styled.diagnostics]) == (False, ["spec-too-large"])
