"""A file's text is replaced whole, and nothing else of it changes."""

from pathlib import Path

import pytest

from nfdsl.rewrite import rewrite


@pytest.mark.parametrize("mode", [0o640, 0o755, 0o444])
def test_text_is_replaced_and_permissions_stay(tmp_path: Path, mode: int):
    file = tmp_path / "a.nfx"
    file.write_text("old")
    file.chmod(mode)
    rewrite(file, "new ü\nlines\n")
    assert file.read_bytes() == "new ü\nlines\n".encode()
    assert file.stat().st_mode & 0o7777 == mode
    assert list(tmp_path.iterdir()) == [file], "nothing is left beside it"


def test_a_link_stays_a_link(tmp_path: Path):
    file, link = tmp_path / "a.nfx", tmp_path / "link.nfx"
    file.write_text("old")
    link.symlink_to("a.nfx")
    rewrite(link, "new")
    assert (file.read_text(), link.is_symlink()) == ("new", True)


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        rewrite(tmp_path / "a.nfx", "new")
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_written_leaves_the_file_as_it_was(tmp_path: Path):
    file = tmp_path / "a.nfx"
    file.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        rewrite(file, "\ud800")
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]
