"""Carries out a plan: gives its runs to a worker, one after the other, until each has ended.

What is known of a study is in its directory: calling `carry_out` again does what is missing and nothing
else. Runs of one program follow each other, so that a worker compiles each program once; a run that
can be run is never kept waiting for that.

When an attempt at a run fails, the worker is replaced, so that nothing broken is handed on, and

- a run whose worker died is tried up to three times;
- a run that the worker itself gave up is tried again too, but when it says the same reason twice in a
  row, trying has shown to be no use and the run has failed;
- a run that failed is recorded, what starts from it is reported as not run, and everything else goes on.
  The next call tries it again.

The first SIGINT, SIGTERM or SIGHUP makes the worker save and leave, the second kills it; a worker that
has nothing to save, as while it compiles, is not waited for. If this process
is killed, the worker reads the end of its input and leaves at once; as it shares the lock of the
directory, the next call waits until it has.
"""

import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack

from nfdsl.lower import lower
from nfdsl.plan import Plan
from nfdsl.run_json import dump
from nfdsl.study.agenda import Agenda, Task, agenda, pick
from nfdsl.study.crew import Crew
from nfdsl.study.directory import Failure, StudyDirectory, Unreadable
from nfdsl.study.events import (
    Broken,
    Closed,
    Died,
    Done,
    Failed,
    Finished,
    Given,
    Notice,
    NotRun,
    Opened,
    Ready,
    Retried,
    StudyEvent,
    Unneeded,
)
from nfdsl.study.interrupts import Interrupts, interrupts
from nfdsl.study.landscape import Landscape
from nfdsl.study.lock import Held
from nfdsl.study.result import Result
from nfdsl.study.tally import Tally
from nfdsl.study.tuning import Known
from nfdsl.study.worker import RUNTIME

_ATTEMPTS = 3
_LINGER_SECONDS = 30.0  # how long a killed study's worker is waited for


def carry_out(
    plan: Plan,
    directory: StudyDirectory,
    *,
    study_json: str,
    plan_json: str,
    command: Sequence[str] = RUNTIME,
    grace_seconds: float = 25.0,
) -> Generator[StudyEvent, None, None]:
    """Yields what happens until every run that can be run has ended, or a signal stops it; `Closed` is last.

    Runs on the main thread, where signals arrive. Closing the iterator stops the worker.

    Args:
      plan: what to carry out.
      directory: where; made if it is not there. Runs in it that the plan does not name are left alone.
      study_json, plan_json: the texts of the files of these names.
      command: starts a worker.
      grace_seconds: how long a worker that was told to stop may take to save.

    Raises:
      Held: another process is carrying out a study there; nothing was touched.
    """
    began = time.monotonic()
    tally = Tally(plan)
    with interrupts() as stop, ExitStack() as stack:
        lock = yield from _lock(directory, stop, stack)
        directory.begin(study_json, plan_json)
        crew = stack.enter_context(Crew(command, directory.worker_log, lock, grace_seconds, stop))
        for event in _Study(plan, directory, crew, stop).events():
            tally.observe(event)
            yield event
    yield Closed(tally.outcome(time.monotonic() - began))


def _lock(directory: StudyDirectory, stop: Interrupts, stack: ExitStack) -> Generator[Notice, None, int]:
    """Holds the directory for as long as `stack`, waiting for a killed study's worker to leave."""
    deadline = time.monotonic() + _LINGER_SECONDS
    told = False
    while True:
        try:
            return stack.enter_context(directory.lock())
        except Held as error:
            if not error.lingering or stop.count or time.monotonic() > deadline:
                raise
            held = error
        if not told:
            yield Notice(f"{held}; waiting for it")
            told = True
        time.sleep(0.1)


class _Study:
    """One study being carried out: what is known of its runs, and the loop over them."""

    def __init__(self, plan: Plan, directory: StudyDirectory, crew: Crew, stop: Interrupts) -> None:
        self._landscape = Landscape(plan)
        self._directory = directory
        self._crew = crew
        self._stop = stop
        self._results: dict[str, Result] = {}
        self._failed: dict[str, str] = {}
        self._tries: dict[str, list[Broken | Died]] = {}  # failed attempts at each run
        self._set_aside: set[str] = set()  # runs told to be unneeded or impossible
        self._program: str | None = None  # which the worker trained last

    def events(self) -> Iterator[StudyEvent]:
        """One turn of the loop is one attempt at one run."""
        yield from self._open()
        while True:
            left = agenda(self._landscape, Known(self._results, self._failed))
            yield from self._tell(left)
            if not left.tasks or self._stop.count:
                return
            obstacle = yield from self._crew.ready()
            if obstacle is not None:
                yield from self._give_up(obstacle)
                return
            if self._stop.count:
                return
            yield from self._attempt(pick(left.tasks, self._program))

    def _open(self) -> Iterator[StudyEvent]:
        self._results, unreadable = self._directory.results(self._landscape.runs)
        yield from (Notice(f"{error}; the run is done again") for error in unreadable)
        yield Opened(dict(self._results))

    def _tell(self, left: Agenda) -> Iterator[StudyEvent]:
        """Says of each run that is set aside that it is, once."""
        for run in self._landscape.runs:
            if run in self._set_aside:
                continue
            if run in left.impossible:
                yield NotRun(run, left.impossible[run])
            elif run in left.unneeded:
                yield Unneeded(run)
            else:
                continue
            self._set_aside.add(run)

    def _give_up(self, obstacle: str) -> Iterator[StudyEvent]:
        ended = {*self._results, *self._failed, *self._set_aside}
        yield from (NotRun(run, obstacle) for run in self._landscape.runs if run not in ended)

    def _attempt(self, task: Task) -> Iterator[StudyEvent]:
        run = task.run.id
        folder = self._directory.prepare(run, dump(lower(task.run, task.start)))
        self._program = task.run.program
        yield Given(run, task.start, len(self._tries.get(run, ())) + 1)
        self._crew.give(folder)
        match (yield from self._follow(run)):
            case Result() as result:
                self._results[run] = result
                yield Finished(run, result)
            case Broken() | Died() as ending:
                self._crew.dismiss()
                yield self._count(run, ending)
            case None:
                pass

    def _follow(self, run: str) -> Generator[StudyEvent, None, Result | Broken | Died | None]:
        """Yields what the worker says of `run` and returns how that ended; None where it was stopped."""
        for said in self._crew.listen():
            match said:
                case Done():
                    return self._result(run)
                case Broken():
                    return said
                case Ready():
                    pass
                case _:
                    yield said
        return None if self._stop.count else self._crew.death()

    def _result(self, run: str) -> Result | Died:
        try:
            result = self._directory.result(run)
        except Unreadable as error:
            return Died(str(error), "")
        return result or Died("the worker said that the run is done, but left no result.json", "")

    def _count(self, run: str, ending: Broken | Died) -> Retried | Failed:
        """Counts a failed attempt and decides, by the rules above, whether it was the last."""
        tries = self._tries.setdefault(run, [])
        useless = isinstance(ending, Broken) and tries[-1:] == [ending]
        tries.append(ending)
        if len(tries) < _ATTEMPTS and not useless:
            return Retried(run, ending.reason, len(tries))
        self._failed[run] = ending.reason
        self._directory.fail(run, Failure(ending.reason, ending.detail, len(tries)))
        return Failed(run, ending.reason, len(tries))
