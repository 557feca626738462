"""From a `data` block to its records."""

from typing import assert_never

from nfdsl.schema.data import ArrayRecord, Builtin, Data, Folder
from runtime.data.array_record import array_records
from runtime.data.builtin import builtin_records
from runtime.data.folder import folder_records
from runtime.data.records import Records


def open_source(data: Data) -> Records:
    """Returns all records of the data set, held-out ones included.

    Raises:
      DataError: the source is missing or unreadable, or has more classes than `data` declares.
    """
    match data.source:
        case Builtin(name):
            return builtin_records(name, data.classes)
        case Folder(path):
            return folder_records(path, data.classes)
        case ArrayRecord(pattern):
            return array_records(pattern, data.classes)
        case _:
            assert_never(data.source)
