"""Tests of lists of records that are kept out of training."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from runtime.data.exclusions import read_excluded
from runtime.data.folder import folder_records
from runtime.data.records import DataError, Records


@pytest.fixture
def animals(tmp_path: Path) -> Records:
    """Three images in two classes."""
    for name in ("cat/small cat.png", "cat/tom.png", "dog/rex.png"):
        path = tmp_path / "animals" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (1, 1)).save(path)
    return folder_records(str(tmp_path / "animals"), 2, "animals")


def excluded(animals: Records, tmp_path: Path, content: bytes) -> list[int]:
    (tmp_path / "listed").write_bytes(content)
    found = read_excluded(str(tmp_path / "listed"), animals)
    assert found.dtype == np.int64
    return found.tolist()


@pytest.mark.parametrize(
    ("content", "indices"),
    [
        (b"", []),
        (b"dog/rex.png\ncat/small cat.png\n", [0, 2]),
        (b"cat/tom.png\r\n\r\n cat/tom.png", [1]),
    ],
    ids=["nothing", "any order", "blank lines and repetitions"],
)
def test_a_list_names_records_by_lines(animals: Records, tmp_path: Path, content: bytes, indices: list[int]) -> None:
    assert excluded(animals, tmp_path, content) == indices


def test_what_is_listed_and_is_not_there_is_named(animals: Records, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"line 2 of .*listed excludes `cat/tim.png`, which is no image of .*animals"):
        excluded(animals, tmp_path, b"cat/tom.png\ncat/tim.png\n")


def test_a_list_that_cannot_be_read_is_named(animals: Records, tmp_path: Path) -> None:
    (tmp_path / "listed").write_bytes(b"\xff")
    with pytest.raises(DataError, match=r"the list of excluded images .*listed cannot be read: "):
        read_excluded(str(tmp_path / "listed"), animals)
    with pytest.raises(DataError, match=rf"no list of excluded images `{tmp_path}/lsted`; .* `{tmp_path}/listed`\?"):
        read_excluded(str(tmp_path / "lsted"), animals)
