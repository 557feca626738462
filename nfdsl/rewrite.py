"""Changing a file all at once or not at all."""

import os
import shutil
import tempfile
from pathlib import Path


def rewrite(path: Path, text: str) -> None:
    """Puts `text` in place of what the file holds; whoever reads it meanwhile sees one or the other.

    The file keeps its permissions. A link stays a link, and what it leads to is changed.

    Raises:
      OSError: the file or its folder cannot be written; then the file is as it was.
    """
    target = path.resolve(strict=True)
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    fresh = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(target, fresh)
        fresh.replace(target)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
