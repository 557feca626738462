"""XLA's persistent cache in a study directory: its size, and what is left in it by a worker that was killed.

JAX writes an entry in place (`jax._src.lru_cache`) and never again while the file is there: one that was cut short
would be warned of and compiled again by every worker to come. JAX can bound the cache itself, but then writes the
time of use into a second file, and caches nothing more once a worker was killed between the two.
"""

import zlib
from collections.abc import Iterator
from pathlib import Path

_ENTRIES = "*-cache"
LARGEST = 8 * 2**30  # bytes
_ZSTANDARD = b"\x28\xb5\x2f\xfd"
_CHUNK = 1 << 20


def remove_torn(cache: Path) -> list[Path]:
    """Removes the entries that were not written to their end, and returns them. To be called while no worker runs."""
    torn = [entry for entry in cache.glob(_ENTRIES) if not _whole(entry)]
    for entry in torn:
        entry.unlink(missing_ok=True)
    return torn


def remove_oldest(cache: Path, most: int = LARGEST) -> list[Path]:
    """Removes the entries beyond `most` bytes, oldest first, and returns them: those of specs and versions gone by.

    To be called while no worker runs.
    """
    beyond = list(_beyond(cache, most))
    for entry in beyond:
        entry.unlink(missing_ok=True)
    return beyond


def _beyond(cache: Path, most: int) -> Iterator[Path]:
    kept = 0
    for entry in sorted(cache.glob(_ENTRIES), key=lambda entry: entry.stat().st_mtime_ns, reverse=True):
        kept += entry.stat().st_size
        if kept > most:
            yield entry


def _whole(entry: Path) -> bool:
    """Whether a file is one compressed stream with its end; JAX takes Zstandard where it is installed, else zlib."""
    content = entry.read_bytes()
    return _whole_frame(content) if content.startswith(_ZSTANDARD) else _whole_zlib(content)


def _whole_zlib(content: bytes) -> bool:
    stream = zlib.decompressobj()
    try:
        for start in range(0, len(content), _CHUNK):
            stream.decompress(content[start : start + _CHUNK])
    except zlib.error:
        return False
    return stream.eof


def _whole_frame(content: bytes) -> bool:
    """Whether the blocks of a Zstandard frame (RFC 8878, section 3.1.1) reach the last one within `content`."""
    if len(content) < 5:
        return False
    descriptor = content[4]
    single_segment, checksum = descriptor >> 5 & 1, descriptor >> 2 & 1
    dictionary = (0, 1, 2, 4)[descriptor & 3]
    size = (single_segment, 2, 4, 8)[descriptor >> 6]
    place = 5 + (1 - single_segment) + dictionary + size
    while place + 3 <= len(content):
        header = int.from_bytes(content[place : place + 3], "little")
        last, kind, length = header & 1, header >> 1 & 3, header >> 3
        place += 3 + (1 if kind == 1 else length)  # a run-length block holds one byte
        if last:
            return place + 4 * checksum <= len(content)
    return False
