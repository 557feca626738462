"""Several processes that train one run together: what they must agree on, and what one does for all.

The first process alone writes. When to stop is agreed through JAX's pre-emption sync point: a notice
(SIGTERM) to any of them stops all after the same step. When to save is told by the first one's clock.
"""

import time
from dataclasses import dataclass, field
from itertools import count
from threading import Event as Flag

import jax
import numpy as np
from jax.experimental import multihost_utils

from nfdsl.sampling.ledger import ROW, Rows

# Of the questions whether to stop. JAX stops all processes at one number that none has come to: it may never come
# again, whatever run the process is at.
_QUESTIONS = count(1)
_LONGEST = 2**14  # bytes: the longest path of Linux, whatever of it JSON escapes


class Alone(Exception):
    """Nothing says of which processes this is one."""


def join(coordinator: str | None, process: int | None, processes: int | None) -> None:
    """Makes this process one of several; to be called before anything is computed.

    Args:
      coordinator: ``host:port`` on which the first one listens; None where the cluster (TPU, Slurm, Kubernetes)
        tells all three.

    Raises:
      Alone: neither is told.
    """
    try:
        jax.distributed.initialize(coordinator, num_processes=processes, process_id=process)
    except ValueError as error:
        raise Alone(
            "no cluster that JAX knows (TPU, Slurm, Kubernetes, MPI) says which processes there are; say it with"
            f" --coordinator, --process and --processes ({error})"
        ) from error


def leave() -> None:
    """Returns once all processes are done; the first one holds what the others need to go on."""
    if jax.process_count() > 1:
        jax.distributed.shutdown()


def first() -> bool:
    """Returns whether this is the process that writes."""
    return jax.process_index() == 0


def agreed(number: int) -> int:
    """Returns the `number` of the first process."""
    if jax.process_count() == 1:
        return number
    return int(multihost_utils.broadcast_one_to_all(np.int32(number)))


def told(text: str) -> str:
    """Returns the `text` of the first process, of at most `_LONGEST` bytes in UTF-8."""
    said = np.zeros(_LONGEST, np.uint8)
    said[: len(text.encode())] = np.frombuffer(text.encode(), np.uint8)
    return bytes(multihost_utils.broadcast_one_to_all(said)).rstrip(b"\0").decode()


def same(content: bytes) -> bool:
    """Returns whether all processes give the same bytes, of the same length."""
    if jax.process_count() == 1:
        return True
    everyone = multihost_utils.process_allgather(np.frombuffer(content, np.uint8))
    return bool((np.atleast_2d(everyone) == np.frombuffer(content, np.uint8)).all())


def gathered(rows: Rows) -> Rows:
    """Returns the rows of all processes."""
    if jax.process_count() == 1:
        return rows
    counts = multihost_utils.process_allgather(np.int32(len(rows))).ravel()
    padded = np.zeros((int(counts.max()), ROW.itemsize), np.uint8)
    padded[: len(rows)] = np.ascontiguousarray(rows).view(np.uint8).reshape(len(rows), ROW.itemsize)
    everyone = multihost_utils.process_allgather(padded)
    parts = [np.ascontiguousarray(part[:count]) for part, count in zip(everyone, counts.tolist(), strict=True)]
    return np.concatenate(parts).view(ROW).ravel()


def stopping(stop: Flag) -> bool:
    """Returns whether a process was told to stop, this one or another; to be asked by all equally often.

    Then `stop` is set on all of them.
    """
    if jax.process_count() == 1:
        return stop.is_set()
    if not multihost_utils.reached_preemption_sync_point(next(_QUESTIONS)):
        return False
    stop.set()
    return True


@dataclass
class Agreement:
    """When to stop and when to save a run, the same on all processes."""

    stop: Flag  # of a process that is alone
    save_seconds: float  # from the end of one commit to the next save; 0: a save after each step
    _began: float = field(default_factory=time.monotonic)  # when the last save began, by this process's clock
    _idle: float = field(default_factory=time.monotonic)  # since when there is nothing left to commit
    _asked: int = 0  # the step at which the first process is asked next
    _since: int | None = None  # the first step after the last save

    def stopping(self) -> bool:
        """Returns whether to stop; to be asked after each step or batch, by all processes equally often."""
        return stopping(self.stop)

    def saving(self, step: int, committing: bool) -> bool:
        """Returns whether it is time to save after this step; to be asked after each one.

        Args:
          committing: whether the last save is still on its way to the disk, as the first process sees it.
        """
        now = time.monotonic()
        if committing:
            self._idle = now
        due = not self.save_seconds or now > self._idle + self.save_seconds
        if jax.process_count() == 1:
            return due
        self._since = step - 1 if self._since is None else self._since
        if step < self._asked:
            return False
        # Asking costs a round trip: half of the steps that fit into the time left are taken before it is done again.
        pace = max(now - self._began, 1e-6) / (step - self._since)  # a coarse clock may not have moved
        wait = agreed(-1 if due else min(int((self._idle + self.save_seconds - now) / pace / 2), 2**30))
        self._asked = step + max(1, wait)
        return wait < 0

    def saved(self) -> None:
        """Starts the clock anew."""
        self._began = self._idle = time.monotonic()
        self._since, self._asked = None, 0
