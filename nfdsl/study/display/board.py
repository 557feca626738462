"""What is known of each run while a study is carried out: its events, added up for whoever looks."""

from collections.abc import Iterator

from nfdsl.plan import Plan, PlannedRun
from nfdsl.study.display.groups import Entry, Group, groups, summed, whole
from nfdsl.study.display.row import Row, State
from nfdsl.study.events import (
    Closed,
    Compiled,
    Given,
    Joined,
    Left,
    Notice,
    Opened,
    Stopping,
    StudyEvent,
    Tick,
    WorkerStarted,
)
from nfdsl.study.landscape import Landscape, swept
from nfdsl.study.outcome import Outcome
from nfdsl.study.tuning.known import Known
from nfdsl.study.tuning.survey import outstanding, survey


class Board:
    """All runs of a plan, and those beyond its ranges that were carried out, the time, and what was compiled.

    Changed by `observe` alone.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.rows = {run.id: Row(run) for run in plan.runs}
        self.now = 0.0  # seconds since the study was taken up
        self.compiled: set[str] = set()  # programs whose training step was compiled or loaded
        self.worker_starts = False  # its imports take a while
        self.stopping = False
        self.outcome: Outcome | None = None  # once the study has closed
        self.landscape = Landscape(plan)

    def observe(self, event: StudyEvent, now: float) -> None:
        """Takes into account what happened `now` seconds after the study was taken up."""
        self.now = now
        match event:
            case Opened(results):
                for run, result in results.items():
                    self._row(run).finish(result)
            case Stopping():
                self.stopping = True
            case Closed(outcome):
                self.outcome = outcome
            case WorkerStarted():
                self.worker_starts = True
            case Joined() | Left() | Notice() | Tick():
                pass
            case _:
                self.worker_starts = self.worker_starts and not isinstance(event, Given)
                self._row(event.run).observe(event, now)
                if isinstance(event, Compiled) and event.kind == "train":
                    self.compiled.add(event.program)

    def groups(self, most: int) -> list[Group]:
        """Returns the state of the study in at most so many lines: see `groups`."""
        return groups(map(_entry, self.rows.values()), self.landscape.ladders, self.known(), most)

    def whole(self) -> Group:
        """Returns the state of the study."""
        return whole(summed(map(_entry, self.rows.values()), self.landscape.ladders, self.known(), by_model=False))

    def active(self) -> list[Row]:
        return [row for row in self.rows.values() if row.active]

    def to_come(self) -> Iterator[tuple[PlannedRun, int]]:
        """Yields for each cell one of its runs and how many like it are still to come, those in hand not counted."""
        known, ladders = self.known(), self.landscape.ladders
        verdicts = survey(ladders, known)
        for cell in self.plan.cells:
            in_hand = sum(run in self.rows and self.rows[run].active for run in ladders[cell.id].runs)
            count = outstanding(ladders[cell.id], verdicts[cell.id], known) - in_hand
            if count > 0:
                yield self.landscape.sample(cell), count

    def known(self) -> Known:
        """Returns what has become of the runs so far."""
        results = {run: row.result for run, row in self.rows.items() if row.result is not None}
        return Known(results, {run: "" for run, row in self.rows.items() if row.over and row.result is None})

    def _row(self, run: str) -> Row:
        """Returns the row of a run; one beyond a range gets its row with its first event."""
        if run not in self.rows:
            known = self.rows | {run: Row(self.landscape.runs[run])}
            self.rows = {each: known[each] for each in self.landscape.runs if each in known}
        return self.rows[run]


def _entry(row: Row) -> Entry:
    run, result = row.run, row.result
    return Entry(
        run=run.id,
        block=run.block,
        model=run.label,
        point=", ".join((*swept(run), f"lr {run.lr:g}")),
        over=row.over,
        active=row.active,
        unneeded=row.state is State.UNNEEDED,
        diverged=row.state is State.DIVERGED,
        missing=row.state in (State.FAILED, State.NOT_RUN),
        share=row.step / run.length.steps,
        flops=run.train_flops + run.sam_flops,
        core_hours=run.core_hours,
        holdout_loss=None if result is None else result.holdout_loss,
        top1=None if result is None else result.top1,
    )
