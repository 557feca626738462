"""Putting a file's new text in place of the old one."""

import os
import tempfile
from pathlib import Path


def rewrite(path: Path, text: str) -> None:
    """Replaces what a file says, at once: whoever reads it finds the old text or the new one whole.

    The file keeps its permissions; where `path` is a link, the file it leads to is replaced. Line ends are
    written as they are in `text`.

    Raises:
      OSError: the file is not there, or its folder may not be written to; then nothing has changed.
    """
    target = path.resolve(strict=True)
    mode = target.stat().st_mode
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(descriptor)
        draft.chmod(mode & 0o7777)
        draft.replace(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
