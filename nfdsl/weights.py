"""Files of released weights, known by what they hold.

A run's identity needs the hash of the file it begins from, so it must be known before anything runs. To read many
GiB takes seconds, so the hash of a file is kept in the user's cache for as long as the file seems the same. It is
not relied on: whoever begins from the weights hashes what he reads, and refuses another file.
"""

import hashlib
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from nfdsl.cache import keep, kept
from nfdsl.paths import located
from nfdsl.schema.run import Weights

_PART = "weights"  # of the user's cache
_SETTLED_SECONDS = 2.0  # a file may change once more within a tick of its clock and show no trace of it


def weights_of(file: str, folder: str) -> Weights:
    """Returns a file with the hash of its content.

    Args:
      file: its path as seen from the folder of the spec.
      folder: that folder.

    Raises:
      OSError: it cannot be read.
    """
    path = Path(located(file, folder)).absolute()
    signs, name = _signs(path), hashlib.sha256(os.fsencode(path)).hexdigest()
    if (known := _known(kept(_PART, name), signs)) is not None:
        return Weights(file, known)
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    if _signs(path) == signs and time.time_ns() - max(signs[1:3]) > _SETTLED_SECONDS * 1e9:
        keep(_PART, name, {"signs": signs, "sha256": sha256})
    return Weights(file, sha256)


def _signs(path: Path) -> list[int]:
    """Returns what changes with a file's content: its size, when it was changed, and which file it is."""
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]


def _known(told: Any, signs: list[int]) -> str | None:
    """Returns the hash that the cache tells of a file that has these signs."""
    with suppress(KeyError, TypeError):
        return str(told["sha256"]) if told["signs"] == signs else None
    return None
