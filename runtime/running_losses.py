"""The losses of a run while its steps are dispatched."""

import math
import time
from collections import deque
from collections.abc import Iterator

import jax

from nfdsl.schema.run import Run
from runtime.events import Progress
from runtime.metrics import Metrics

_AHEAD = 2  # steps dispatched before the loss of the first is waited for, so that devices never idle
_TELL_SECONDS = 0.25


class Diverged(Exception):
    """What was computed in step `step`, or from the weights it left, is not finite."""

    def __init__(self, step: int):
        super().__init__(step)
        self.step = step


class RunningLosses:
    """Reads losses a few steps late, so that devices never wait for the host, and writes them down."""

    def __init__(self, run: Run, step: int, metrics: Metrics):
        """Begins after `step` steps; that is when the clock starts, too."""
        self._run = run
        self._metrics = metrics
        self._in_flight: deque[tuple[int, jax.Array]] = deque()
        self._began = time.monotonic() - metrics.seconds
        self._told = time.monotonic(), step

    def add(self, step: int, loss: jax.Array) -> Iterator[Progress]:
        """Takes the loss of a step that was just dispatched and tells, now and then, how far an earlier one came.

        Raises:
          Diverged: the loss of an earlier step is not finite.
        """
        self._in_flight.append((step, loss))
        if len(self._in_flight) > _AHEAD:
            yield from self._progress(*self._read())

    def paused(self, seconds: float) -> None:
        """Leaves out time that was not spent in steps."""
        self._began += seconds
        self._told = self._told[0] + seconds, self._told[1]

    def settle(self) -> None:
        """Returns once all steps are done. Raises `Diverged`."""
        while self._in_flight:
            self._read()

    def _read(self) -> tuple[int, float]:
        step, pending = self._in_flight.popleft()
        loss = float(jax.device_get(pending))
        if not math.isfinite(loss):
            raise Diverged(step)
        self._metrics.record(step, loss, time.monotonic() - self._began)
        return step, loss

    def _progress(self, step: int, loss: float) -> Iterator[Progress]:
        (then, before), now = self._told, time.monotonic()
        if now - then > _TELL_SECONDS:
            self._told = now, step
            images = (step - before) * self._run.recipe.batch
            yield Progress(self._run.id, step, self._run.length.steps, loss, images / (now - then))
