"""One worker at a time in a run's folder."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_POLL_SECONDS = 0.1


class Locked(Exception):
    """Another worker trains the run."""


@contextmanager
def locked(folder: Path, patience: float) -> Iterator[None]:
    """Holds `folder` for this process; the kernel lets go of it when the process is gone, however it went.

    Args:
      patience: seconds to wait for an earlier worker that is on its way out.

    Raises:
      Locked: another process holds it still.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        _acquire(descriptor, folder, time.monotonic() + patience)
        yield
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, folder: Path, deadline: float) -> None:
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise Locked(f"another worker is training in {folder}; stop it, or wait until it is done") from None
            time.sleep(_POLL_SECONDS)
