"""Tests of files that survive a crash."""

import pytest

from runtime.durable import write_atomically


def test_a_file_is_replaced_as_a_whole(tmp_path):
    path = tmp_path / "result.json"
    path.write_text("old and longer")
    write_atomically(path, "new")
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_that_fails_leaves_what_was_there(tmp_path):
    path = tmp_path / "result.json"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(path, "\ud800")
    assert path.read_text() == "old"
