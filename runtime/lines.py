"""Lines of JSON about the steps of a run, that depend on its steps alone, however often it was continued."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


class Lines:
    """A file with one JSON object a line, each of which says its ``step``."""

    def __init__(self, path: Path, restored: int):
        """Opens the lines of a run and cuts those off that come after its `restored` steps."""
        kept = [*_kept(path, restored)]
        self.kept = [line for line, _ in kept]
        self._file = path.open("a", encoding="utf-8")
        self._file.truncate(kept[-1][1] if kept else 0)

    def write(self, line: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(line, allow_nan=False) + "\n")

    def flush(self) -> None:
        """Returns once the lines are on the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        self._file.close()


def _kept(path: Path, restored: int) -> Iterator[tuple[dict[str, Any], int]]:
    """Yields the lines up to step `restored`, each with the offset at which it ends."""
    end = 0
    for content in _whole(path):
        end += len(content)
        line = json.loads(content)
        if line["step"] > restored:
            return
        yield line, end


def _whole(path: Path) -> Iterator[bytes]:
    """Yields whole lines; what follows the last line end was being written when the run was killed."""
    content = path.read_bytes() if path.exists() else b""
    yield from (line for line in content.splitlines(keepends=True) if line.endswith(b"\n"))
