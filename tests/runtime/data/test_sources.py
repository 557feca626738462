import io
from collections.abc import Callable
from pathlib import Path

import pytest
from array_record.python.array_record_module import ArrayRecordWriter
from PIL import Image

from nfdsl.schema.data import ArrayRecord, Builtin, Data, Folder
from runtime.data.records import DataError
from runtime.data.sources import open_source


def test_opens_a_built_in_data_set() -> None:
    assert len(open_source(Data(source=Builtin("digits"), classes=10), ".")) == 1797


def test_opens_a_folder(tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    Image.new("RGB", (2, 2)).save(tmp_path / "cat" / "a.png")
    assert open_source(Data(source=Folder(str(tmp_path)), classes=2), ".").read(0).label == 0


@pytest.mark.parametrize("study", ["study", "a [1] study*"])  # no pattern, whatever it looks like
def test_paths_start_at_the_folder_that_is_said(
    tmp_path: Path, example_bytes: Callable[..., bytes], study: str
) -> None:
    folder = tmp_path / study
    (folder / "images" / "cat").mkdir(parents=True)
    Image.new("RGB", (1, 1)).save(folder / "images" / "cat" / "a.png")
    writer = ArrayRecordWriter(str(folder / "0.array_record"), "group_size:1")
    writer.write(example_bytes({"image/encoded": b"", "image/class/label": [1]}))
    writer.close()
    for source, name in ((Folder("images"), "images"), (ArrayRecord("*.array_record"), "*.array_record")):
        records = open_source(Data(source=source, classes=2), str(folder))
        assert (len(records), records.name) == (1, name)  # in the ledger nothing tells where the folder lies


def test_opens_array_records(tmp_path: Path, example_bytes: Callable[..., bytes]) -> None:
    file = io.BytesIO()
    Image.new("RGB", (2, 2)).save(file, "PNG")
    writer = ArrayRecordWriter(str(tmp_path / "a.array_record"), "group_size:1")
    writer.write(example_bytes({"image/encoded": file.getvalue(), "image/class/label": [1]}))
    writer.close()
    assert open_source(Data(source=ArrayRecord(f"{tmp_path}/*"), classes=2), ".").read(0).label == 1


@pytest.mark.parametrize("source", [ArrayRecord("gs://corpus/*.array_record"), Folder("s3://corpus")])
def test_a_url_is_refused_with_what_to_do(source: ArrayRecord | Folder) -> None:
    with pytest.raises(DataError, match=r"^`\w+://corpus.*` is a URL, .*: mount the bucket .* and name that folder"):
        open_source(Data(source=source, classes=2), ".")


def test_the_declared_classes_are_checked() -> None:
    with pytest.raises(DataError, match="`classes` says 5"):
        open_source(Data(source=Builtin("digits"), classes=5), ".")
