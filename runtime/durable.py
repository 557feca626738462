"""Files that survive a crash: a kill, or a power cut."""

import os
from pathlib import Path


def write_atomically(path: Path, text: str) -> None:
    """Replaces the file at `path` as a whole; once this returns, the text survives a power cut."""
    write_bytes_atomically(path, text.encode())


def write_bytes_atomically(path: Path, content: bytes) -> None:
    """Replaces the file at `path` as a whole; once this returns, the content survives a power cut."""
    temporary = path.with_name(f"{path.name}.tmp")
    temporary.write_bytes(content)
    flush(temporary)
    temporary.replace(path)
    flush(path.parent)


def flush(path: Path) -> None:
    """Returns once the content of a file, or the entries of a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
