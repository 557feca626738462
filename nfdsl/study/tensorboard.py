# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
"""TensorBoard event files of a study, beside what the study directory holds anyway; the only door to tensorboardX."""

import re
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

from tensorboardX import SummaryWriter

from nfdsl.plan import Plan, PlannedRun
from nfdsl.study.events import Evaluated, Finished, Progress, Started, StudyEvent
from nfdsl.study.landscape import Landscape, described
from nfdsl.study.result import Result


def logged(events: Generator[StudyEvent, None, None], plan: Plan, folder: Path) -> Generator[StudyEvent, None, None]:
    """Passes `events` on, and writes the losses, speeds and results they tell of below `folder`.

    Each run has a folder of its own. Where a run continues from a checkpoint, what was written of later steps
    is left out by TensorBoard. A run that was complete before has no more than its earlier files.
    """
    runs, writer = Landscape(plan).runs, _Writer(folder)
    with closing(events), closing(writer):
        for event in events:
            match event:
                case Started(run, step):
                    writer.begin(runs[run], step)
                case Progress():
                    writer.progress(event)
                case Evaluated():
                    writer.measured(event)
                case Finished(_, result):
                    writer.measured(result)
                    writer.close()
                case _:
                    pass
            yield event


class _Writer:
    """Writes the event file of one run at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: SummaryWriter | None = None

    def begin(self, run: PlannedRun, step: int) -> None:
        """Goes on with `run`, whose steps up to `step` count."""
        self.close()
        self._file = SummaryWriter(str(self._folder / _name(run)), purge_step=step + 1)

    def progress(self, event: Progress) -> None:
        self._write("train/loss", event.loss, event.step)
        self._write("train/images_per_second", event.images_per_second, event.step)

    def measured(self, what: Evaluated | Result) -> None:
        self._write("holdout/loss", what.holdout_loss, what.step)
        self._write("holdout/top1", what.top1, what.step)
        self._write("holdout/top5", what.top5, what.step)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file = None

    def _write(self, tag: str, value: float | None, step: int) -> None:
        if self._file is not None and value is not None:
            self._file.add_scalar(tag, value, step)


def _name(run: PlannedRun) -> str:
    """A folder's name that tells the run apart in TensorBoard."""
    return re.sub(r"[^A-Za-z0-9.+_-]+", "_", f"{described(run)} {run.id}")
