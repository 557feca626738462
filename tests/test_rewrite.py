"""A file is changed all at once or not at all."""

from pathlib import Path

import pytest

from nfdsl.rewrite import rewrite


def test_the_text_is_replaced_and_nothing_else(tmp_path: Path):
    path = tmp_path / "a.nfx"
    path.write_text("old")
    path.chmod(0o640)
    rewrite(path, "é\r\n")
    assert path.read_bytes() == "é\r\n".encode()
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_a_link(tmp_path: Path):
    path, link = tmp_path / "a.nfx", tmp_path / "b.nfx"
    path.write_text("old")
    link.symlink_to(path)
    rewrite(link, "new")
    assert link.is_symlink()
    assert path.read_text() == "new"


def test_a_failure_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def fail(*_: object) -> None:
        raise OSError("disk full")

    path = tmp_path / "a.nfx"
    path.write_text("old")
    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        rewrite(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
