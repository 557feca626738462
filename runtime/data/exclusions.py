"""Records that a list keeps out of training: near-duplicates, say, of what a network will be tested on."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from runtime.data.records import DataError, Records, missing


def read_excluded(path: str, records: Records) -> NDArray[np.int64]:
    """Returns the indices [n] of the records that a file lists, ascending and each once.

    It is a text file with the name of one record a line, in any order; what names are, `Records.find` says.

    Raises:
      DataError: the file cannot be read, or names a record that there is not.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise missing("list of excluded images", Path(path)) from None
    except (OSError, ValueError) as error:
        raise DataError(f"the list of excluded images {path} cannot be read: {error}") from error
    names = ((number, line.strip()) for number, line in enumerate(lines, 1))
    found = [_found(records, name, f"line {number:,} of {path}") for number, name in names if name]
    return np.unique(np.array(found, np.int64))


def _found(records: Records, name: str, where: str) -> int:
    try:
        return records.find(name)
    except (LookupError, ValueError):
        raise DataError(f"{where} excludes `{name}`, which is no image of {records.name}") from None
