"""Compilation ahead of time, in threads: neither devices nor a request to stop have to wait for it."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from threading import Thread, get_ident
from typing import Any, Generic, Literal, NamedTuple, TypeVar

from jax import monitoring
from jax.stages import Lowered

from runtime.events import Compiled

Kind = Literal["initialize", "train", "evaluate"]
T = TypeVar("T")


class _Outcome(NamedTuple):
    executable: Any
    seconds: float
    cached: bool


class Compilation(Generic[T]):
    """A function of a program, which is being compiled or has been.

    XLA does most of its work in one thread and so do small networks' steps: while one function is
    compiled another one can be, or run.
    """

    def __init__(self, program: str, kind: Kind, lower: Callable[[], Lowered], options: dict[str, Any]):
        """Begins to trace, lower and compile what `lower` returns, with XLA's `options`."""
        self._program = program
        self._kind: Kind = kind
        self._told = False
        self._future: Future[_Outcome] = Future()
        Thread(target=self._compile, args=(lower, options), daemon=True).start()

    def done(self, patience: float) -> bool:
        """Returns whether it is done after at most so many seconds."""
        return bool(wait([self._future], patience).done)

    @property
    def failed(self) -> bool:
        return self._future.done() and self._future.exception() is not None

    def executable(self) -> T:
        """Returns the compiled function once it is done. Raises whatever went wrong."""
        return self._future.result().executable

    def news(self, run: str) -> Iterator[Compiled]:
        """Yields the event of what was compiled to the first run that asks, once it is done."""
        _, seconds, cached = self._future.result()
        if not self._told:
            self._told = True
            yield Compiled(run, self._program, self._kind, seconds, cached)

    def _compile(self, lower: Callable[[], Lowered], options: dict[str, Any]) -> None:
        started = time.perf_counter()
        try:
            with _cache_hits() as hits:
                executable = lower().compile(options)
            self._future.set_result(_Outcome(executable, time.perf_counter() - started, bool(hits)))
        except BaseException as error:  # it belongs to whoever asks for the function
            self._future.set_exception(error)


@contextmanager
def _cache_hits() -> Iterator[list[str]]:
    """Collects what this thread reads from the persistent compilation cache meanwhile."""
    thread, hits = get_ident(), list[str]()

    def heard(event: str, **_: str | int) -> None:
        if event == "/jax/compilation_cache/cache_hits" and get_ident() == thread:
            hits.append(event)

    monitoring.register_event_listener(heard)
    try:
        yield hits
    finally:
        monitoring.unregister_event_listener(heard)
