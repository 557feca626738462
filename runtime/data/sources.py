"""From a `data` block to its records."""

from glob import escape
from typing import assert_never

from nfdsl.paths import is_url, located
from nfdsl.schema.data import ArrayRecord, Builtin, Data, Folder
from runtime.data.array_record import array_records
from runtime.data.builtin import builtin_records
from runtime.data.folder import folder_records
from runtime.data.records import DataError, Records


def open_source(data: Data, folder: str, training: Records | None = None) -> Records:
    """Returns all records of the data set, held-out ones included.

    Args:
      folder: where paths start.
      training: what a network learns that is to be evaluated on the source.

    Raises:
      DataError: the source is missing, unreadable or a URL, or has more classes than `data` declares, or others than
        `training`.
    """
    match data.source:
        case Folder(path) | ArrayRecord(path) if is_url(path):
            raise DataError(
                f"`{path}` is a URL, and images are read from folders alone: mount the bucket (Cloud Storage FUSE does"
                " for `gs://`) and name that folder in the spec, or on the command line with `--set`"
            )
        case Builtin(name):
            return builtin_records(name, data.classes)
        case Folder(path):
            return folder_records(located(path, folder), data.classes, path, training)
        case ArrayRecord(pattern):
            return array_records(located(pattern, escape(folder)), data.classes, pattern)
        case _:
            assert_never(data.source)
