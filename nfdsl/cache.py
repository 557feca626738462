"""What can be made anew is kept for the user, so that it need not be. Where nothing can be kept, nothing is."""

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any


def cache_folder() -> Path | None:
    """Returns the folder of nfdsl in the user's cache; None where there is none and none can be made."""
    try:
        folder = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "nfdsl"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # nowhere to write, or nobody's home
        return None
    return folder


def kept(part: str, name: str) -> Any:
    """Returns what `keep` was given under a name in a part of the cache; None if nothing readable is there."""
    folder = cache_folder()
    if folder is None:
        return None
    try:
        return json.loads((folder / part / name).read_bytes())
    except (OSError, ValueError):
        return None


def keep(part: str, name: str, value: Any) -> None:
    """Keeps what JSON can say, whole or not at all, in place of what the name stood for before."""
    folder = cache_folder()
    if folder is None:
        return
    path = folder / part / name
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, exist_ok=True)
        partial = path.with_name(f"{name}.{os.getpid()}.tmp")
        partial.write_text(json.dumps(value), encoding="utf-8")
        partial.replace(path)
