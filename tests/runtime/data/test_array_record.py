import io
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from array_record.python.array_record_module import ArrayRecordWriter
from PIL import Image

from runtime.data.array_record import array_records
from runtime.data.records import DataError

Writer = Callable[..., bytes]
COUNTS = {"train-00000.array_record": 3, "train-00001.array_record": 1, "train-00002.array_record": 4}


def encoded(colour: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (2, 2), (colour, 0, 0)).save(file, "PNG")
    return file.getvalue()


def write(path: Path, records: list[bytes]) -> None:
    path.parent.mkdir(exist_ok=True)
    writer = ArrayRecordWriter(str(path), "group_size:1")
    for record in records:
        writer.write(record)
    writer.close()


@pytest.fixture
def corpus(tmp_path: Path, example_bytes: Writer) -> Path:
    """Eight records in three shards; record i is of colour and label i."""
    index = 0
    for name, count in COUNTS.items():
        numbers = range(index, index + count)
        records = [example_bytes({"image/encoded": encoded(i), "image/class/label": [i]}) for i in numbers]
        write(tmp_path / "corpus" / name, records)
        index += count
    return tmp_path / "corpus"


def test_records_are_numbered_through_the_sorted_shards(corpus: Path) -> None:
    records = array_records(f"{corpus}/train-*.array_record", 8, "shards")
    assert len(records) == 8
    for index in range(8):
        example = records.read(index)
        assert example.label == index
        assert example.image.getpixel((1, 1)) == (index, 0, 0)


def test_identities_last_when_shards_come_and_move(corpus: Path) -> None:
    before = array_records(f"{corpus}/*.array_record", 8, "shards").identities(np.arange(8))
    assert len(np.unique(before)) == 8
    moved = Path(shutil.move(corpus, corpus.with_name("elsewhere")))
    shutil.copy(moved / "train-00000.array_record", moved / "extra-00000.array_record")
    after = array_records(f"{moved}/*.array_record", 8, "shards").identities(np.arange(11))
    assert np.array_equal(after[3:], before)
    assert len(np.unique(after)) == 11


def test_an_identity_does_not_depend_on_what_else_is_asked(corpus: Path) -> None:
    records = array_records(f"{corpus}/*.array_record", 8, "shards")
    assert np.array_equal(records.identities(np.array([6, 0])), records.identities(np.arange(8))[[6, 0]])


def test_a_record_is_found_by_shard_and_place(corpus: Path) -> None:
    records = array_records(f"{corpus}/*.array_record", 8, "shards")
    names = [f"{name} {place}" for name, count in COUNTS.items() for place in range(count)]
    assert [records.find(name) for name in names] == list(range(8))


@pytest.mark.parametrize(
    "name", ["train-00000.array_record 3", "train-00001.array_record -1", "none 0", "0", "", "x x"]
)
def test_no_other_record_is_found(corpus: Path, name: str) -> None:
    with pytest.raises((KeyError, ValueError)):
        array_records(f"{corpus}/*.array_record", 8, "shards").find(name)


def test_the_fingerprint_sees_shards_come_and_change(corpus: Path) -> None:
    pattern = f"{corpus}/*.array_record"
    prints = [array_records(pattern, 8, "shards").fingerprint()]
    assert prints == [array_records(pattern, 8, "shards").fingerprint()]
    write(corpus / "train-00003.array_record", [b"one"])
    prints.append(array_records(pattern, 8, "shards").fingerprint())
    write(corpus / "train-00003.array_record", [b"one", b"two"])
    prints.append(array_records(pattern, 8, "shards").fingerprint())
    assert len(set(prints)) == 3


@pytest.mark.parametrize("label", [-1, 8])
def test_a_label_out_of_range_is_named_with_its_record(corpus: Path, example_bytes: Writer, label: int) -> None:
    path = corpus / "bad.array_record"
    write(path, [example_bytes({"image/encoded": encoded(0), "image/class/label": [label]})])
    with pytest.raises(
        DataError, match=f"^record 0 of {path} has label {label}; `classes` says 8, so labels are 0 to 7$"
    ):
        array_records(str(path), 8, "shards").read(0)


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ({"image/encoded": b"x"}, "has no feature 'image/class/label'"),
        ({"image/class/label": [1]}, "has no feature 'image/encoded'"),
        ({"image/encoded": b"x", "image/class/label": [1]}, "cannot be read: "),
        ({"image/encoded": [3], "image/class/label": [1]}, "is not a readable tf.train.Example: "),
    ],
)
def test_a_broken_record_is_named_with_its_file(
    corpus: Path, example_bytes: Writer, features: dict, message: str
) -> None:
    path = corpus / "bad.array_record"
    write(path, [example_bytes({}), example_bytes(features)])
    with pytest.raises(DataError, match=f"^record 1 of {path} {message}"):
        array_records(f"{corpus}/bad*", 8, "shards").read(1)


def test_a_record_that_is_no_example_is_named(corpus: Path) -> None:
    write(corpus / "bad.array_record", [b"some text"])
    with pytest.raises(DataError, match=r"^record 0 of .*bad\.array_record is not a readable tf\.train\.Example: "):
        array_records(f"{corpus}/bad*", 8, "shards").read(0)


def test_a_damaged_shard_is_named(corpus: Path) -> None:
    path = corpus / "train-00001.array_record"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(DataError, match=rf"^{path} is not a readable ArrayRecord file: "):
        array_records(f"{corpus}/*", 8, "shards")


def test_a_flipped_bit_in_a_record_is_found(corpus: Path) -> None:
    path = corpus / "train-00000.array_record"
    content = bytearray(path.read_bytes())
    content[200] ^= 1
    path.write_bytes(content)
    records = array_records(f"{corpus}/*", 8, "shards")
    with pytest.raises(DataError, match=rf"of {path} is not a readable"):
        [records.read(index) for index in range(3)]


def test_a_pattern_without_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"^no file on this machine matches `.*/\*`$"):
        array_records(f"{tmp_path}/*", 8, "shards")


def test_the_folder_of_a_pattern_that_is_not_there_is_named(corpus: Path) -> None:
    told = rf"^there is no folder `{corpus}s`; did you mean `{corpus}`\?$"
    with pytest.raises(DataError, match=told):
        array_records(f"{corpus}s/*.array_record", 8, "shards")


def test_shards_of_the_same_name_are_refused(corpus: Path) -> None:
    shutil.copytree(corpus, corpus.parent / "copy")
    with pytest.raises(DataError, match=r"^2 files of `.*` are called train-00000\.array_record"):
        array_records(f"{corpus.parent}/*/*00.array_record", 8, "shards")
