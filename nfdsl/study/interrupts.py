"""Signals that ask for a stop, as a number to look at."""

import signal
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass
class Interrupts:
    """How often a stop was asked for; the second time means: at once."""

    count: int = 0


@contextmanager
def interrupts() -> Generator[Interrupts, None, None]:
    """Counts SIGINT, SIGTERM and SIGHUP instead of letting them end the process. For the main thread only."""
    counted = Interrupts()

    def count(_number: int, _frame: FrameType | None) -> None:
        counted.count += 1

    before = {number: signal.signal(number, count) for number in _STOPS}
    try:
        yield counted
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
