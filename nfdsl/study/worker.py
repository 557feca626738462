"""One worker: a process that trains the runs it is given, in a session of its own.

Ctrl-C in a terminal therefore reaches the engine alone, and the whole worker, with any processes of its
own, can be ended by its group.
"""

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from nfdsl.study.events import WorkerEvent, read
from nfdsl.study.fields import Malformed

RUNTIME = (sys.executable, "-m", "runtime", "--serve")

_STOPPED = 143  # exit status of one of several, one of which was told to stop
_LEAVE_SECONDS = 10.0  # a worker that was told to leave has this long
_TAIL_BYTES = 4096


class Worker:
    """A running worker process. What it prints on stderr is appended to `log`.

    Args:
      command: speaks the protocol of `events.read` on stdout and reads runs from stdin.
      log: the file for stderr.
      lock: a descriptor the process inherits, if there is one, so that the study stays locked as long as it lives.
    """

    def __init__(self, command: Sequence[str], log: Path, lock: int | None) -> None:
        self._log = log
        with log.open("ab") as stderr:
            self._log_start = stderr.tell()
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                start_new_session=True,
                pass_fds=() if lock is None else (lock,),
                bufsize=0,
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        os.set_blocking(self._stdout.fileno(), False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._stdout, selectors.EVENT_READ)
        self._unread = b""
        self._garbled = ""
        self.gone = False  # it will say nothing more

    @property
    def pid(self) -> int:
        return self._process.pid

    def train(self, run_directory: Path) -> None:
        """Gives it the next run."""
        self._ask(str(run_directory.absolute()))

    def receive(self, timeout: float) -> list[WorkerEvent]:
        """Returns what it said, after at most `timeout` seconds of silence.

        What a library prints on stdout goes to the log. An event that cannot be read ends the
        conversation: nothing after it could be relied on.
        """
        ended = self._process.poll() is not None  # before reading: what it said before its end is then in the pipe
        if self._selector.select(0 if ended else timeout):
            ended = self._take() or ended
        elif not ended:
            return []
        events = self._events()
        self.gone = ended or bool(self._garbled)
        return events

    def terminate(self) -> None:
        """Asks it to save and leave."""
        self._process.terminate()

    def kill(self) -> None:
        """Ends it and every process it started, at once."""
        with suppress(ProcessLookupError, PermissionError):  # none is left; macOS says so in another way
            os.killpg(self.pid, signal.SIGKILL)

    def close(self) -> None:
        """Tells it to leave and returns once it is gone; after a few seconds it is killed."""
        self.terminate()
        self._leave()
        self._stdin.close()
        self._selector.close()
        self._stdout.close()

    def release(self) -> None:
        """Tells one of several that there are no more runs; all leave."""
        self._ask(None)
        self._leave()

    @property
    def released(self) -> bool:
        """Whether it left as there are no more runs. For one of several that is gone."""
        return not self._garbled and self._leave() == 0

    @property
    def stopped(self) -> bool:
        """Whether it left as one of them was told to stop. For one of several that is gone."""
        return not self._garbled and self._leave() == _STOPPED

    def epitaph(self) -> str:
        """Returns how it ended, in one sentence without a full stop. For a worker that is gone."""
        if self._garbled:
            return f"the worker said an event that cannot be read: {self._garbled}"
        code = self._leave()
        if code == -signal.SIGKILL:
            return "the worker was killed (signal 9), as happens when memory runs out"
        if code < 0:
            return f"the worker was ended by signal {-code} ({signal.strsignal(-code)})"
        last = self.log_tail().strip().rpartition("\n")[2].strip()
        return f"the worker left with exit status {code}" + (f": {last}" if last else "")

    def log_tail(self) -> str:
        """Returns the last of what it printed on stderr."""
        with self._log.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(self._log_start, end - _TAIL_BYTES))
            return file.read().decode(errors="replace")

    def _ask(self, run: str | None) -> None:
        with suppress(BrokenPipeError):  # it is dead, which `receive` is about to find
            self._stdin.write(json.dumps({"run": run}).encode() + b"\n")

    def _leave(self) -> int:
        """Waits a little for its end, then makes it; returns the exit status."""
        deadline = time.monotonic() + _LEAVE_SECONDS
        while not self.gone and time.monotonic() < deadline:
            self.receive(0.05)  # so that a full pipe does not keep it from leaving
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(max(0.0, deadline - time.monotonic()))
        self.kill()
        return self._process.wait()

    def _take(self) -> bool:
        """Reads what is there; true at the end of its output."""
        while True:
            try:
                taken = os.read(self._stdout.fileno(), 65536)
            except BlockingIOError:
                return False
            if not taken:
                return True
            self._unread += taken

    def _events(self) -> list[WorkerEvent]:
        *lines, self._unread = self._unread.split(b"\n")
        events: list[WorkerEvent] = []
        for line in lines:
            if not line.startswith(b"{"):
                self._note(line)
                continue
            try:
                events.append(read(line))
            except Malformed as error:
                self._garbled = f"{line[:200].decode(errors='replace')!r} ({error})"
                break
        return events

    def _note(self, line: bytes) -> None:
        with self._log.open("ab") as log:
            log.write(line + b"\n")
