"""What a run was worth on its way and at its end: `evaluations.jsonl`, one line for each evaluation."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nfdsl.schema.evaluation import Metric, metric
from runtime.evaluate import Evaluation
from runtime.lines import Lines


@dataclass(frozen=True)
class Evaluated:
    """One evaluation."""

    step: int  # steps done
    seconds: float  # that it took
    measured: Evaluation


class Evaluations:
    """The evaluations of one run. They depend on its weights alone, however often it was continued."""

    def __init__(self, path: Path, restored: int, there: Iterable[int]):
        """Opens the evaluations of a run and forgets those after its `restored` steps.

        Args:
          there: steps whose weights are still on the disk, so that they may be the best.
        """
        self._lines = Lines(path, restored)
        self._done = {line["step"]: _evaluated(**line) for line in self._lines.kept}
        self._there = {*there}

    @property
    def seconds(self) -> float:
        """Seconds of all evaluations."""
        return sum(one.seconds for one in self._done.values())

    def at(self, step: int) -> Evaluated | None:
        """Returns the evaluation after so many steps, if there was one."""
        return self._done.get(step)

    def add(self, evaluated: Evaluated) -> None:
        """Adds an evaluation of weights that are on the disk; once this returns, it is, too."""
        self._done[evaluated.step] = evaluated
        self._there.add(evaluated.step)
        self._lines.write({"step": evaluated.step, "seconds": evaluated.seconds} | asdict(evaluated.measured))
        self._lines.flush()

    def best(self, by: Metric) -> Evaluated | None:
        """Returns the evaluation that has least of the metric, the first of equals, of weights that are there."""
        there = {step: one.measured for step, one in self._done.items() if step in self._there}
        measured = {step: metric(by, one.loss, one.top1) for step, one in there.items()}
        values = {step: value for step, value in measured.items() if value is not None}
        return self._done[min(values, key=lambda step: (values[step], step))] if values else None

    def close(self) -> None:
        self._lines.close()


def _evaluated(step: int, seconds: float, **measured: Any) -> Evaluated:
    return Evaluated(step, seconds, Evaluation(**measured))
