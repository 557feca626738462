"""Carries out a plan: gives its runs to a worker, one after the other, until each has ended.

What is known of a study is in its directory: calling `carry_out` again does what is missing and nothing
else. Runs of one program follow each other, so that a worker compiles each program once; a run that
can be run is never kept waiting for that.

When an attempt at a run fails, the worker is replaced, so that nothing broken is handed on, and

- the run is tried again, up to a stated number of attempts, counted anew from each state that one has saved: a long
  run may outlive any number of hosts;
- a run that failed all of them is recorded, what starts from it is reported as not run, and everything else
  goes on. The next call tries it again.

A fine-tune that began from a network which is not the best any more, because tuning has found a better one or
is told to look further, is set aside and done again. Where the directory cannot be written, as on a full disk,
the study ends with the reason; what is complete stays, and the next call goes on.

Of several hosts each has a worker, and these train every run together. The first host gives them runs; on the others
this module does no more than keep a worker there. Where one of these dies all do, and each host starts another.

The first SIGINT, SIGTERM or SIGHUP makes the worker save and leave, the second kills it; a worker that
has nothing to save, as while it compiles, is not waited for. If this process
is killed, the worker reads the end of its input and leaves at once; as it shares the lock of the
directory, the next call waits until it has.
"""

import socket
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack

from nfdsl.lower import lower
from nfdsl.plan import Plan
from nfdsl.run_json import dump
from nfdsl.study.agenda import Agenda, Task, agenda, outdated, pick
from nfdsl.study.compiled import LARGEST, remove_oldest, remove_torn
from nfdsl.study.crew import Crew
from nfdsl.study.directory import Failure, StudyDirectory, Unreadable, unwritable
from nfdsl.study.events import (
    Broken,
    Closed,
    Died,
    Done,
    Dropped,
    Extended,
    Failed,
    Finished,
    Given,
    Left,
    Notice,
    NotRun,
    Opened,
    Ready,
    Retried,
    Saved,
    Stopping,
    StudyEvent,
    Tick,
    Unneeded,
)
from nfdsl.study.interrupts import Interrupts, interrupts
from nfdsl.study.landscape import Landscape
from nfdsl.study.lock import Held
from nfdsl.study.numerals import count
from nfdsl.study.result import Result
from nfdsl.study.tally import Tally
from nfdsl.study.tuning.known import Known
from nfdsl.study.worker import RUNTIME

ATTEMPTS = 3
_LINGER_SECONDS = 30.0  # how long a killed study's worker is waited for


def carry_out(
    plan: Plan,
    directory: StudyDirectory,
    *,
    study_json: str,
    plan_json: str,
    command: Sequence[str] = RUNTIME,
    cluster: bool = False,
    attempts: int = ATTEMPTS,
    grace_seconds: float = 25.0,
) -> Generator[StudyEvent, None, None]:
    """Yields what happens until every run that can be run has ended, or a signal stops it; `Closed` is last.

    Of several hosts the first one does that, and the others lend it a worker; `Left` is last there.

    Runs on the main thread, where signals arrive. Closing the iterator stops the worker.

    Args:
      plan: what to carry out.
      directory: where; made if it is not there. Runs in it that the plan does not name are left alone.
      study_json, plan_json: the texts of the files of these names.
      command: starts a worker.
      cluster: whether that is one of several, here and on other hosts, which call this function as well.
      attempts: how often a run is tried from one state before it has failed.
      grace_seconds: how long a worker that was told to stop may take to save.

    Raises:
      Apart: the hosts do not find each other.
      Held: another process is carrying out a study there; nothing was touched.
      Unfit: checkpoints could not be read back from there; nothing was made.
      Unreadable: a file there may not be read, such as the result of a run.
      OSError: the directory cannot be made, or what is to be carried out cannot be written there.
    """
    began = time.monotonic()
    tally = Tally(plan)
    with interrupts() as stop, ExitStack() as stack:
        log = directory.worker_log_of(socket.gethostname()) if cluster else directory.worker_log
        crew = stack.enter_context(Crew(command, log, grace_seconds, stop))
        if cluster and not (yield from _leads(directory, crew, stop)):
            yield Left(stopped=bool(stop.count))
            return
        crew.lock = yield from _lock(directory, stop, stack)
        stack.callback(crew.dismiss)  # before the lock is given back
        directory.begin(study_json, plan_json)
        torn = len(remove_torn(directory.cache))
        if torn:
            yield Notice(f"{count(torn, 'compiled program')} in the cache, not written to the end, removed")
        old = len(remove_oldest(directory.cache))
        if old:
            size = f"{LARGEST / 2**30:.0f} GiB"
            yield Notice(f"{count(old, 'compiled program')} in the cache removed, the oldest of more than {size}")
        for event in _Study(plan, directory, crew, stop, attempts).events():
            tally.observe(event)
            yield event
        if not stop.count:
            crew.release()
    yield Closed(tally.outcome(time.monotonic() - began))


def _leads(directory: StudyDirectory, crew: Crew, stop: Interrupts) -> Generator[StudyEvent, None, bool]:
    """Joins the other hosts; returns True on the first one, False on others once that one's study has ended.

    A worker that ends out of order was one of a team that broke: the first one calls a new team together.
    """
    directory.make()
    while not stop.count:
        obstacle = yield from crew.ready()
        if obstacle is not None:
            raise Apart(obstacle)
        if stop.count:
            break
        yield crew.joined
        if crew.joined.process == 0:
            return True
        for said in crew.listen():
            if isinstance(said, Stopping | Tick):
                yield said
        if crew.stopped_elsewhere() or crew.released():
            break
    return False


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


class Apart(Exception):
    """The hosts that are to carry a study out together do not find each other."""


class _Study:
    """One study being carried out: what is known of its runs, and the loop over them."""

    def __init__(self, plan: Plan, directory: StudyDirectory, crew: Crew, stop: Interrupts, attempts: int) -> None:
        self._landscape = Landscape(plan)
        self._directory = directory
        self._crew = crew
        self._stop = stop
        self._attempts = attempts
        self._results: dict[str, Result] = {}
        self._starts: dict[str, str | None] = {}  # of fine-tunes that are complete
        self._failed: dict[str, str] = {}
        self._tries: dict[str, int] = {}  # failed attempts at each run since it last saved a state
        self._set_aside: set[str] = set()  # runs told to be unneeded or impossible
        self._extended: set[str] = set()  # runs beyond a range that were asked for
        self._program: str | None = None  # which the worker trained last

    def events(self) -> Iterator[StudyEvent]:
        """Yields the study's events; ends early, with the reason, where the directory cannot be written."""
        try:
            yield from self._turns()
        except OSError as error:
            yield from self._give_up(unwritable(error))

    def _turns(self) -> Iterator[StudyEvent]:
        """One turn of the loop is one attempt at one run."""
        yield from self._open()
        while True:
            yield from self._drop_outdated()
            left = agenda(self._landscape, Known(self._results, self._failed))
            yield from self._tell(left)
            if not left.tasks or self._stop.count or self._crew.stopped_elsewhere():
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
        tuned = [run.id for run in self._landscape.plan.runs if run.start is not None and run.id in self._results]
        self._starts = {run: self._directory.start(run) for run in tuned}
        yield Opened(dict(self._results))

    def _drop_outdated(self) -> Iterator[StudyEvent]:
        """Forgets the results of fine-tunes that would begin from another network today."""
        known = Known(self._results, self._failed)
        for run, start in outdated(self._landscape, known, self._starts).items():
            del self._results[run]
            yield Dropped(run, f"it began from {self._starts.pop(run)}, and {start} has turned out to be better")

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
        for task in left.tasks:
            ladder = self._landscape.ladders[task.run.cell]
            if task.run.id not in (*ladder.range, *self._extended):
                self._extended.add(task.run.id)
                yield Extended(task.run.id)

    def _give_up(self, obstacle: str) -> Iterator[StudyEvent]:
        ended = {*self._results, *self._failed, *self._set_aside}
        asked = (*(run.id for run in self._landscape.plan.runs), *self._extended)
        yield from (NotRun(run, obstacle) for run in asked if run not in ended)

    def _attempt(self, task: Task) -> Iterator[StudyEvent]:
        run = task.run.id
        if self._directory.start(run) != task.start:
            self._directory.set_aside(run)
        folder = self._directory.prepare(run, dump(lower(task.run, task.start)))
        self._program = task.run.program
        yield Given(run, task.start, self._tries.get(run, 0) + 1)
        self._crew.give(folder)
        match (yield from self._follow(run)):
            case Result() as result:
                self._results[run] = result
                if task.start is not None:
                    self._starts[run] = task.start
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
                case Saved():
                    self._tries[run] = 0
                    yield said
                case _:
                    yield said
        return None if self._stop.count or self._crew.stopped_elsewhere() else self._crew.death()

    def _result(self, run: str) -> Result | Died:
        try:
            result = self._directory.result(run)
        except Unreadable as error:
            return Died(str(error), "")
        return result or Died("the worker said that the run is done, but left no result.json", "")

    def _count(self, run: str, ending: Broken | Died) -> Retried | Failed:
        """Counts a failed attempt and decides whether it was the last."""
        tried = self._tries[run] = self._tries.get(run, 0) + 1
        if tried < self._attempts:
            return Retried(run, ending.reason, tried, self._attempts)
        self._failed[run] = ending.reason
        self._directory.fail(run, Failure(ending.reason, ending.detail, tried))
        return Failed(run, ending.reason, tried)
