"""The course of training: `metrics.jsonl`, one line ``{"step", "loss", "seconds"}`` for each recorded step."""

import math
from dataclasses import asdict, dataclass
from pathlib import Path

from runtime.lines import Lines

RECORDS = 2_000  # a run's lines at most, about 100 kB; shorter runs record every step


@dataclass(frozen=True)
class Record:
    """One line."""

    step: int  # steps done
    loss: float  # of the batch of that step, before its update
    seconds: float  # of training since the run began, earlier attempts counted in


class Metrics:
    """The lines of one run. They depend on the losses alone, however often the run was continued."""

    def __init__(self, path: Path, steps: int, restored: int):
        """Opens the lines of a run of `steps` and cuts those off that come after its `restored` steps."""
        self._lines = Lines(path, restored)
        self.records = [Record(**line) for line in self._lines.kept]
        self._steps = steps
        self._stride = math.ceil(steps / RECORDS)

    @property
    def seconds(self) -> float:
        """Seconds of training up to the last line."""
        return self.records[-1].seconds if self.records else 0.0

    @property
    def train_loss(self) -> float | None:
        """The mean over the last tenth of the lines; None where there is none."""
        last = self.records[-max(1, len(self.records) // 10) :]
        return math.fsum(record.loss for record in last) / len(last) if last else None

    def record(self, step: int, loss: float, seconds: float) -> None:
        """Writes the line of a step, where it has one: every n-th step does, and the last."""
        if step % self._stride == 0 or step == self._steps:
            record = Record(step, loss, seconds)
            self.records.append(record)
            self._lines.write(asdict(record))

    def flush(self) -> None:
        """Returns once the lines are on the disk: no later than the checkpoint that continues from them."""
        self._lines.flush()

    def close(self) -> None:
        self._lines.close()
