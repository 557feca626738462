"""Commits of training states, written while the next steps are trained: at most one is in flight."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nfdsl.sampling.ledger import Rows
from runtime.checkpoint import CheckpointError, Saving
from runtime.ledger import Ledger
from runtime.state import TrainState


@dataclass(eq=False)
class Commits:
    """The commits of one run: first the rows of the ledger, then the checkpoint that makes them count."""

    checkpoints: Path
    ledger: Ledger
    _threads: ThreadPoolExecutor
    _in_flight: Future[int] | None = None

    @property
    def in_flight(self) -> bool:
        """Whether a commit was begun whose end is not known yet."""
        return self._in_flight is not None

    def begin(self, state: TrainState, step: int, rows: Rows, best: int | None) -> None:
        """Begins to commit the state after `step` steps, and the `rows` fed since the last commit.

        The last commit must have been `settled`. The state may be donated afterwards. Of earlier states that of step
        `best` is kept.
        """
        with _explained(step):
            saving = Saving(self.checkpoints, state, step)
        self._in_flight = self._threads.submit(self._commit, saving, step, rows, best)

    def settled(self) -> Iterator[int]:
        """Waits for the commit in flight, if there is one, and yields its step. Raises `CheckpointError`."""
        if self._in_flight is not None:
            ended, self._in_flight = self._in_flight, None
            yield ended.result()

    def news(self) -> Iterator[int]:
        """Yields the step of the commit in flight if it is done. Raises `CheckpointError`."""
        if self._in_flight is not None and self._in_flight.done():
            yield from self.settled()

    def _commit(self, saving: Saving, step: int, rows: Rows, best: int | None) -> int:
        with _explained(step):
            saving.commit(lambda: self.ledger.commit(rows), best)
        return step


@contextmanager
def _explained(step: int) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # a full disk reaches us in as many ways as there are libraries below
        reason = str(error).strip().partition("\n")[0]
        raise CheckpointError(
            f"the state after {step:,} steps cannot be saved ({reason}); what was saved before is intact, and the run"
            f" goes on from there once there is room"
        ) from error


@contextmanager
def committing(checkpoints: Path, ledger: Ledger) -> Iterator[Commits]:
    """Yields the commits of a run; whatever happens, none is in flight afterwards."""
    with ThreadPoolExecutor(1) as threads:
        yield Commits(checkpoints, ledger, threads)
