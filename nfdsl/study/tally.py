"""Counts the events of a study into its outcome."""

from collections import Counter
from collections.abc import Iterator
from typing import get_args

from nfdsl.plan import Plan
from nfdsl.study.events import (
    Compiled,
    Dropped,
    Extended,
    Failed,
    Finished,
    Given,
    NotRun,
    Opened,
    StudyEvent,
    Unneeded,
)
from nfdsl.study.outcome import Compilations, Kind, Missing, Outcome
from nfdsl.study.result import Result


class Tally:
    """Remembers what an `Outcome` is made of."""

    def __init__(self, plan: Plan) -> None:
        self._runs = {run.id for run in plan.runs}
        self._results: dict[str, Result] = {}
        self._missing: dict[str, Failed | NotRun] = {}
        self._unneeded: set[str] = set()
        self._given: set[str] = set()
        self._compiled: Counter[tuple[Kind, str]] = Counter()  # (kind, program)

    def observe(self, event: StudyEvent) -> None:
        """Takes `event` into account; the last one of a run counts."""
        match event:
            case Opened(results):
                self._results.update(results)
                self._runs.update(results)
            case Extended(run):
                self._runs.add(run)
            case Dropped(run):
                del self._results[run]
            case Finished(run, result):
                self._results[run] = result
            case Failed(run) | NotRun(run):
                self._missing[run] = event
            case Unneeded(run):
                self._unneeded.add(run)
            case Given(run):
                self._given.add(run)
            case Compiled(_, program, kind, _, cached):
                self._compiled[kind, program] += not cached
            case _:
                pass

    def outcome(self, seconds: float) -> Outcome:
        states = Counter(result.state for result in self._results.values())
        ended = len(self._results) + len(self._missing) + len(self._unneeded)
        return Outcome(
            done=states["done"],
            diverged=states["diverged"],
            unneeded=len(self._unneeded),
            failed=tuple(Missing(e.run, e.reason) for e in self._missing.values() if isinstance(e, Failed)),
            not_run=tuple(Missing(e.run, e.reason) for e in self._missing.values() if isinstance(e, NotRun)),
            waiting=len(self._runs) - ended,
            trained=len(self._given),
            compilations=tuple(self._compilations()),
            seconds=seconds,
        )

    def _compilations(self) -> Iterator[Compilations]:
        for kind in get_args(Kind):
            times = [count for (of, _), count in self._compiled.items() if of == kind]
            if times:
                yield Compilations(kind, len(times), sum(times))
