"""Files of released weights, known by what they hold.

A run's identity needs the hash of the file it begins from, so it must be known before anything runs. To read many
GiB takes seconds, so the hash of a file is kept in the user's cache for as long as the file seems the same. It is
not relied on: whoever begins from the weights hashes what he reads, and refuses another file.
"""

import hashlib
import json
import os
import time
from contextlib import suppress
from pathlib import Path

from nfdsl.cache import cache_folder
from nfdsl.schema.run import Weights

_SETTLED_SECONDS = 2.0  # a file may change once more within a tick of its clock and show no trace of it


def weights_of(file: str) -> Weights:
    """Returns a file with the hash of its content.

    Raises:
      OSError: it cannot be read.
    """
    path = Path(file).absolute()
    signs, kept = _signs(path), _kept(path)
    if kept is not None and (known := _known(kept, signs)) is not None:
        return Weights(str(path), known)
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    if kept is not None and _signs(path) == signs and time.time_ns() - max(signs[1:3]) > _SETTLED_SECONDS * 1e9:
        _keep(kept, signs, sha256)
    return Weights(str(path), sha256)


def _signs(path: Path) -> list[int]:
    """Returns what changes with a file's content: its size, when it was changed, and which file it is."""
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]


def _kept(path: Path) -> Path | None:
    """Returns where in the user's cache the hash of a file is kept; None where none can be."""
    try:
        folder = cache_folder() / "weights"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # nowhere to write, or nobody's home
        return None
    return folder / hashlib.sha256(os.fsencode(path)).hexdigest()


def _known(kept: Path, signs: list[int]) -> str | None:
    with suppress(OSError, ValueError, KeyError, TypeError):
        told = json.loads(kept.read_bytes())
        return str(told["sha256"]) if told["signs"] == signs else None
    return None


def _keep(kept: Path, signs: list[int], sha256: str) -> None:
    with suppress(OSError):
        temporary = kept.with_suffix(f".{os.getpid()}.tmp")
        temporary.write_text(json.dumps({"signs": signs, "sha256": sha256}), encoding="utf-8")
        temporary.replace(kept)
