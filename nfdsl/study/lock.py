"""Exclusive use of a study directory.

The lock is an `flock`, which the kernel gives back when its last holder is gone, however it went.
Workers inherit the descriptor: the lock of an engine that was killed stays held until its worker
has left too, so that two workers never train the same run.
"""

import fcntl
import json
import os
import socket
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from nfdsl.study.fields import Malformed, parse


@dataclass(frozen=True)
class Holder:
    """The process that took a lock."""

    pid: int
    host: str
    started: str  # local time, to the second

    @property
    def dead(self) -> bool:
        """True where it is certain that the process is gone; another host's cannot be looked up."""
        if self.host != socket.gethostname():
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        return False


class Held(Exception):
    """The lock is held; `holder` is None where its file does not say by whom."""

    def __init__(self, path: Path, holder: Holder | None) -> None:
        self.path = path
        self.holder = holder
        super().__init__(f"{path.parent} is in use {_by(holder)}")

    @property
    def lingering(self) -> bool:
        """True where nobody known to be alive holds it: a killed run's worker on its way out, or one just starting."""
        return self.holder is None or self.holder.dead


def holder(path: Path) -> Holder | None:
    """Returns who holds the lock file at `path`, None where nobody does or its holder is gone; touches nothing."""
    try:
        found = _parse(path.read_bytes())
    except OSError:
        return None
    return None if found is None or found.dead else found


@contextmanager
def exclusive(path: Path) -> Generator[int, None, None]:
    """Holds the lock file at `path` and yields its descriptor, to be inherited by workers. Raises `Held`."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Held(path, _read(descriptor)) from None
        _write(descriptor, json.dumps(vars(_this_process())))
        yield descriptor
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _this_process() -> Holder:
    return Holder(os.getpid(), socket.gethostname(), datetime.now().isoformat(" ", "seconds"))


def _write(descriptor: int, text: str) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, text.encode(), 0)


def _read(descriptor: int) -> Holder | None:
    return _parse(os.pread(descriptor, 4096, 0))


def _parse(text: bytes) -> Holder | None:
    try:
        fields = parse(text)
        return Holder(fields.whole("pid"), fields.text("host"), fields.text("started"))
    except Malformed:
        return None


def _by(holder: Holder | None) -> str:
    if holder is None:
        return "by another process"
    if holder.dead:
        return f"by a worker of process {holder.pid}, which is gone; it should leave soon"
    return f"by process {holder.pid} on {holder.host} since {holder.started}"
