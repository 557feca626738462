"""Tests of reassessed labels."""

import json

import numpy as np
import pytest

from runtime.data.reassessed import read_reassessed
from runtime.data.records import DataError


def test_rows_are_filled_up(tmp_path):
    (tmp_path / "real.json").write_text(json.dumps([[3], [], [0, 2]]))
    np.testing.assert_array_equal(
        read_reassessed(str(tmp_path / "real.json"), images=3, classes=4), [[3, -1], [-1, -1], [0, 2]]
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[[1], [2]]", "labels of 2 images, and there are 3"),
        ("[[1], [2], [3], [0]]", "labels of 4 images, and there are 3"),
        ("[[1], [2], [4]]", "no list of lists of labels below 4"),
        ("[[1], [2], 3]", "no list of lists"),
        ("[[1], [2], [true]]", "no list of lists"),
        ('{"a": []}', "no list of lists"),
        ("[[1], [2]", "cannot be read"),
    ],
)
def test_what_is_no_such_file_is_refused(tmp_path, text, reason):
    (tmp_path / "real.json").write_text(text)
    with pytest.raises(DataError, match=reason):
        read_reassessed(str(tmp_path / "real.json"), images=3, classes=4)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DataError, match=r"^there is no file of reassessed labels `/.*/real\.json`$"):
        read_reassessed(str(tmp_path / "real.json"), images=3, classes=4)
