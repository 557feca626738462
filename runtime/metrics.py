"""The course of training: `metrics.jsonl`, one line ``{"step", "loss", "seconds"}`` for each recorded step."""

import json
import math
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

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
        kept = _kept(path, restored)
        self.records = [record for record, _ in kept]
        self._steps = steps
        self._stride = math.ceil(steps / RECORDS)
        self._file = path.open("a", encoding="utf-8")
        self._file.truncate(kept[-1][1] if kept else 0)

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
            self._file.write(json.dumps(asdict(record), allow_nan=False) + "\n")

    def flush(self) -> None:
        """Returns once the lines are on the disk: no later than the checkpoint that continues from them."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        self._file.close()


def _kept(path: Path, restored: int) -> list[tuple[Record, int]]:
    """Returns the lines up to step `restored`, each with the offset at which it ends."""
    kept, end = [], 0
    for line in _lines(path):
        end += len(line)
        record = Record(**json.loads(line))
        if record.step > restored:
            break
        kept.append((record, end))
    return kept


def _lines(path: Path) -> Iterator[bytes]:
    """Yields whole lines; what follows the last line end was being written when the run was killed."""
    content = path.read_bytes() if path.exists() else b""
    yield from (line for line in content.splitlines(keepends=True) if line.endswith(b"\n"))
