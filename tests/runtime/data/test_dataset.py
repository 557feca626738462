"""Tests of what is trained on and what is evaluated on."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from nfdsl.schema.data import Builtin, Data, Dedup, Folder
from runtime.data.dataset import open_dataset
from runtime.data.records import DataError

DIGITS = Data(source=Builtin("digits"), classes=10, holdout=97)


def test_the_held_out_images_are_evaluated():
    dataset = open_dataset(DIGITS, ".")
    assert dataset.evaluation is dataset.records
    assert len(dataset.evaluated) == 97
    trained = dataset.split.records(np.arange(dataset.split.examples))
    assert sorted([*trained, *dataset.evaluated]) == list(range(1797))


def test_a_validation_source_is_evaluated_whole():
    dataset = open_dataset(Data(source=Builtin("digits"), classes=10, validation=Builtin("mnist_5k")), ".")
    assert dataset.split.examples == len(dataset.records) == 1797
    assert dataset.evaluated.tolist() == list(range(5000))
    assert dataset.evaluation.read(0).image.size == (28, 28)


def images(folder, *classes):
    for name in classes:
        (folder / name).mkdir(parents=True)
        Image.new("RGB", (2, 2)).save(folder / name / "a.png")


@pytest.fixture
def animals(tmp_path):
    images(tmp_path / "train", "ant", "bee", "cat")
    return Data(source=Folder("train"), classes=3, validation=Folder("validation"))


def test_a_folder_to_validate_on_has_the_classes_of_the_one_that_is_trained_on(animals, tmp_path):
    images(tmp_path / "validation", "bee", "cat")
    evaluation = open_dataset(animals, str(tmp_path)).evaluation
    assert [evaluation.read(index).label for index in range(2)] == [1, 2]


@pytest.mark.parametrize(
    ("name", "remedy"),
    [("bees", "did you mean `bee`?"), ("zebra", "leave it out, or give those a sub-folder of that name")],
)
def test_a_class_that_is_not_trained_on_is_refused(animals, tmp_path, name, remedy):
    images(tmp_path / "validation", "ant", name)
    told = f"`{tmp_path}/validation/{name}` is a class that the training images, `{tmp_path}/train`, do not have; "
    with pytest.raises(DataError, match=f"^{re.escape(told + remedy)}$"):
        open_dataset(animals, str(tmp_path))


def test_where_nothing_names_the_classes_a_folder_to_validate_on_has_all_of_them(tmp_path):
    images(tmp_path, *map(str, range(1, 10)))
    data = Data(source=Builtin("digits"), classes=10, validation=Folder(str(tmp_path)))
    with pytest.raises(DataError, match=r"has 9 of 10 classes, .*: each needs a sub-folder, an empty one where"):
        open_dataset(data, ".")
    (tmp_path / "0").mkdir()
    evaluation = open_dataset(data, ".").evaluation
    assert [evaluation.read(index).label for index in range(9)] == [*range(1, 10)]


def test_without_either_nothing_is_evaluated():
    assert open_dataset(Data(source=Builtin("digits"), classes=10), ".").evaluated.size == 0


def test_lists_start_at_the_folder_that_is_said(tmp_path):
    (tmp_path / "real.json").write_text(json.dumps([[7]] * 5000))
    (tmp_path / "listed").write_text("0\n3\n")
    data = replace(DIGITS, validation=Builtin("mnist_5k"), reassessed="real.json", dedup=Dedup(excluding="listed"))
    dataset = open_dataset(data, str(tmp_path))
    assert dataset.reassessed.tolist() == [[7]] * 5000
    assert {0, 3} <= {*dataset.split.left_out.tolist()}
    with pytest.raises(DataError, match="there is no list of excluded images `/elsewhere/listed`"):
        open_dataset(data, "/elsewhere")


def test_runs_share_what_is_open():
    assert open_dataset(DIGITS, ".") is open_dataset(Data(source=Builtin("digits"), classes=10, holdout=97), ".")
