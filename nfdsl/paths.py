"""Paths that specs say: what a study calls them, and where they lie.

A relative path starts at the folder of the file that says it, as that of an import does; on the command line, where
no file says it, at the folder of the spec. A study holds it as seen from the folder of the spec: ``parts/images``
where ``parts/data.nfx`` says ``images``. So a study says nothing of the machine it is on, and a run is the same
wherever the folder of its spec lies; whoever opens a path is told that folder, which is no part of what a run is.

Absolute paths and paths from the home folder of whoever opens them (``~/images``) start elsewhere, and stay as they
are written. So do URLs, which are no paths: files are read from folders, those that a bucket is mounted at among them.
"""

import os
import re
from itertools import islice
from pathlib import Path, PurePosixPath

from nfdsl.nearest import nearest

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_ELSEWHERE = re.compile(rf"/|~(/|$)|{_URL.pattern}")
_COMPARED = 10_000  # names of a folder: some hold millions


def is_url(text: str) -> bool:
    """Returns whether what stands for a path is a URL, such as ``gs://corpus``."""
    return _URL.match(text) is not None


def from_spec(text: str, below: str) -> str:
    """Returns a path as seen from the folder of the spec.

    Args:
      text: as a file says it.
      below: the folder of that file as seen from that of the spec; empty where it is the same.
    """
    if not below or _ELSEWHERE.match(text):
        return text
    start, steps = PurePosixPath(below), list(PurePosixPath(text).parts)
    while steps[:1] == [".."] and start.parts:
        start, steps = start.parent, steps[1:]
    return str(start.joinpath(*steps))


def located(path: str, folder: str) -> str:
    """Returns where a path lies.

    Args:
      path: as seen from the folder of the spec.
      folder: that folder.
    """
    if not _ELSEWHERE.match(path):
        return str(Path(folder, path))
    return os.path.expanduser(path)  # noqa: PTH111 (Path.expanduser raises where there is no home)


def nearby(path: Path) -> str | None:
    """Returns what is most likely meant by a path where nothing is: like it but for one name that is not there.

    None where nothing is near, or where something is at the path itself.
    """
    try:
        while not path.parent.is_dir() and path != path.parent:
            path = path.parent
        names = [entry.name for entry in islice(path.parent.iterdir(), _COMPARED)]
    except (OSError, ValueError):
        return None
    meant = None if path.name in names else nearest(path.name, names)
    return None if meant is None else str(path.parent / meant)
