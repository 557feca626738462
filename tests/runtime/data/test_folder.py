import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from runtime.data.folder import folder_records
from runtime.data.records import DataError

COLOURS = {"cat/b.png": (1, 2, 3), "cat/a.PNG": (4, 5, 6), "bird/z.bmp": (7, 8, 9), "dog/m.gif": (10, 10, 10)}


@pytest.fixture
def animals(tmp_path: Path) -> Path:
    folder = tmp_path / "animals"
    for file, colour in COLOURS.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (3, 2), colour).save(folder / file)
    return folder


def test_classes_and_files_are_sorted_by_name(animals: Path) -> None:
    records = folder_records(str(animals), 3, "animals")
    assert records.files == ["bird/z.bmp", "cat/a.PNG", "cat/b.png", "dog/m.gif"]
    assert [records.read(index).label for index in range(len(records))] == [0, 1, 1, 2]
    assert records.read(2).image.getpixel((0, 0)) == (1, 2, 3)
    assert records.name == "animals"


def test_many_files_are_sorted_too(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    for number in np.random.default_rng(0).permutation(50):
        (tmp_path / "a" / f"{number:02}.png").touch()
    assert folder_records(str(tmp_path), 2, "animals").files == [f"a/{number:02}.png" for number in range(50)]


def test_an_empty_class_keeps_its_number(animals: Path) -> None:
    (animals / "ant").mkdir()
    assert folder_records(str(animals), 4, "animals").labels == [1, 2, 2, 3]


def test_what_is_no_image_or_hidden_is_not_looked_at(animals: Path) -> None:
    before = folder_records(str(animals), 3, "animals").files
    (animals / "cat" / "notes.txt").write_text("a note")
    (animals / "cat" / "._b.png").write_bytes(b"not a picture")
    (animals / "README.png").write_bytes(b"not in a class")
    (animals / ".cache").mkdir()
    assert folder_records(str(animals), 3, "animals").files == before


def test_identities_last_when_files_come_and_folders_move(animals: Path) -> None:
    before = folder_records(str(animals), 3, "animals")
    known = dict(zip(before.files, before.identities(np.arange(4)).tolist(), strict=True))
    assert len(set(known.values())) == 4
    moved = Path(shutil.move(animals, animals.with_name("elsewhere")))
    (moved / "ant").mkdir()
    shutil.copy(moved / "cat" / "b.png", moved / "ant" / "b.png")
    after = folder_records(str(moved), 4, "animals")
    later = dict(zip(after.files, after.identities(np.arange(5)).tolist(), strict=True))
    assert known.items() < later.items()
    assert len(set(later.values())) == 5


def test_a_record_is_found_by_class_and_file(animals: Path) -> None:
    records = folder_records(str(animals), 3, "animals")
    assert [records.find(file) for file in records.files] == [0, 1, 2, 3]
    with pytest.raises(KeyError):
        records.find("b.png")


def test_the_fingerprint_sees_new_renamed_and_rewritten_files(animals: Path) -> None:
    prints = [folder_records(str(animals), 3, "animals").fingerprint()]
    assert prints == [folder_records(str(animals), 3, "animals").fingerprint()]
    shutil.copy(animals / "cat" / "b.png", animals / "cat" / "c.png")
    prints.append(folder_records(str(animals), 3, "animals").fingerprint())
    (animals / "cat" / "c.png").rename(animals / "dog" / "c.png")
    prints.append(folder_records(str(animals), 3, "animals").fingerprint())
    Image.new("RGB", (300, 200)).save(animals / "dog" / "c.png")
    prints.append(folder_records(str(animals), 3, "animals").fingerprint())
    assert len(set(prints)) == 4


def test_a_broken_file_is_named_with_its_record(animals: Path) -> None:
    path = animals / "cat" / "b.png"
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(DataError, match=rf"^record 2 \({path}\) cannot be read: "):
        folder_records(str(animals), 3, "animals").read(2)


def test_a_file_that_went_away_is_named(animals: Path) -> None:
    records = folder_records(str(animals), 3, "animals")
    (animals / "cat" / "b.png").unlink()
    with pytest.raises(DataError, match=r"^record 2 \(.*b\.png\) cannot be read: .*No such file"):
        records.read(2)


def test_more_classes_than_declared_are_refused(animals: Path) -> None:
    with pytest.raises(DataError, match=r"has 3 classes \(sub-folders\) but `classes` says 2"):
        folder_records(str(animals), 2, "animals")


def test_a_missing_or_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"there is no folder `.*nowhere`"):
        folder_records(str(tmp_path / "nowhere"), 2, "animals")
    (tmp_path / "animals").mkdir()
    with pytest.raises(
        DataError, match=rf"^there is no folder `{tmp_path}/anmals`; did you mean `{tmp_path}/animals`\?"
    ):
        folder_records(str(tmp_path / "anmals"), 2, "anmals")
    with pytest.raises(DataError, match="holds no images"):
        folder_records(str(tmp_path), 2, "animals")
