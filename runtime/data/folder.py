"""A folder with one sub-folder of images per class."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nfdsl.nearest import nearest
from nfdsl.sampling.randomness import digest
from runtime.data.decoding import decoded
from runtime.data.records import DataError, Example, Key, Records, Shards, missing

SUFFIXES = {".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp"}


@dataclass(frozen=True, eq=False)
class FolderRecords:
    """The image files of a folder, sorted by class and name; a record's key is its class and file name."""

    name: str  # of the folder, as the spec says it
    folder: Path
    files: list[str]  # "class/file", sorted
    labels: list[int]
    classes: list[str]  # the names of classes 0, 1, ...

    def __len__(self) -> int:
        return len(self.files)

    def read(self, index: int) -> Example:
        path = self.folder / self.files[index]
        image = decoded(str(path), f"record {index} ({path})")
        return Example(image, self.labels[index], Key(self._word(index), 0))

    def shard_index(self) -> Shards:
        """Returns each file as a shard of its own."""
        words = np.array([self._word(index) for index in range(len(self))], np.uint64)
        return Shards(words, np.ones(len(self), np.int64))

    def identities(self, indices: NDArray[np.int64]) -> NDArray[np.uint64]:
        return np.array([self._word(index) for index in indices], np.uint64)

    def find(self, name: str) -> int:
        """Returns the index of the file called ``class/file``."""
        return self._indices[name]

    def fingerprint(self) -> str:
        """Returns a hash of the names and sizes of the files."""
        listing = "".join(f"{file}\0{(self.folder / file).stat().st_size}\0" for file in self.files)
        return hashlib.blake2b(listing.encode(), digest_size=16).hexdigest()

    @cached_property
    def _indices(self) -> dict[str, int]:
        return {file: index for index, file in enumerate(self.files)}

    def _word(self, index: int) -> int:
        return digest("folder", self.files[index])


def folder_records(path: str, classes: int, name: str, training: Records | None = None) -> FolderRecords:
    """Returns the images of the folder at `path`; its sub-folders, sorted by name, are classes 0, 1, ...

    Files whose names do not end like an image's are not looked at.

    Args:
      name: what the spec calls the folder.
      training: what a network learns that is to be evaluated on this folder. If it is a folder too, a class has the
        number that it has there.

    Raises:
      DataError: the folder is missing, holds no images, or has more than `classes` sub-folders; or one that `training`
        does not have, or fewer where that is no folder, so that nothing tells which are missing.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise missing("folder", folder)
    present = sorted(entry.name for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    if isinstance(training, FolderRecords):
        _require_known(present, path, training)
    elif training is not None and len(present) < classes:
        raise DataError(
            f"`{path}` has {len(present)} of {classes} classes, and the training images do not say by name which: each"
            " needs a sub-folder, an empty one where there are no images"
        )
    if len(present) > classes:
        raise DataError(f"`{path}` has {len(present)} classes (sub-folders) but `classes` says {classes}")
    names = training.classes if isinstance(training, FolderRecords) else present
    labels = {name: label for label, name in enumerate(names)}
    found = [(file, labels[name]) for name in present for file in _images(folder, name)]
    if not found:
        raise DataError(f"`{path}` holds no images: one sub-folder of image files per class is needed")
    return FolderRecords(name, folder, [file for file, _ in found], [label for _, label in found], names)


def _require_known(present: list[str], path: str, training: FolderRecords) -> None:
    unknown = sorted(set(present) - set(training.classes))
    if unknown:
        meant = nearest(unknown[0], training.classes)
        remedy = f"did you mean `{meant}`?" if meant else "leave it out, or give those a sub-folder of that name"
        place = Path(path, unknown[0])
        raise DataError(f"`{place}` is a class that the training images, `{training.folder}`, do not have; {remedy}")


def _images(folder: Path, name: str) -> list[str]:
    files = (entry.name for entry in (folder / name).iterdir() if entry.suffix.lower() in SUFFIXES)
    return [f"{name}/{file}" for file in sorted(files) if not file.startswith(".")]
