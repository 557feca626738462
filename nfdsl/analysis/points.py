"""The runs that a law is fitted to, as columns."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from math import inf, isfinite, log
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
SizeName = Literal["params", "macs_per_image"]

FLOPS_PER_MULTIPLY_ADD = 6  # of training: two forward, four backward


class FitError(ValueError):
    """The points do not determine the law; the message says what is missing, in a sentence."""


@dataclass(frozen=True)
class Points:
    """Tuned runs, or means over seeds of them; entry i of each array is run i."""

    compute: Floats  # [points], training FLOPs
    loss: Floats  # [points]
    size: Floats  # [points], in the unit that `size_name` says; NaN where the table does not tell
    examples: Floats  # [points], images seen; NaN where the table does not tell
    size_name: SizeName
    rivals: Floats  # [points, others], log loss over the best's at other learning rates; infinite where there is none
    seeds: Floats  # [points], runs that a loss is the mean of
    deviation: Floats  # [points], standard deviation of the loss over them; NaN for fewer than two

    def __len__(self) -> int:
        return len(self.loss)

    def at(self, keep: NDArray[np.bool_] | NDArray[np.intp]) -> "Points":
        """Returns the points that a mask or indices name."""
        columns = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "size_name"}
        return Points(**{name: column[keep] for name, column in columns.items()}, size_name=self.size_name)

    @property
    def sized(self) -> bool:
        """Whether every point has its size and its examples."""
        return bool(np.all(np.isfinite(self.size) & np.isfinite(self.examples)))


def unrivalled(
    compute: Sequence[float] | Floats,
    loss: Sequence[float] | Floats,
    size: Sequence[float] | Floats | None = None,
    examples: Sequence[float] | Floats | None = None,
) -> Points:
    """Returns points without other learning rates."""
    absent = np.full(len(loss), np.nan)
    return Points(
        np.asarray(compute, dtype=np.float64),
        np.asarray(loss, dtype=np.float64),
        absent if size is None else np.asarray(size, dtype=np.float64),
        absent if examples is None else np.asarray(examples, dtype=np.float64),
        "params",
        np.empty((len(loss), 0)),
        np.ones(len(loss)),
        absent,
    )


def rivals(losses: Sequence[Sequence[float]]) -> Floats:
    """Returns log loss over the best's, shape [points, others], from the losses of each point at all learning rates.

    Losses that are not numbers above 0 (diverged, not tried) are no rivals.
    """
    rows = [sorted(log(loss) for loss in cell if isfinite(loss) and loss > 0) for cell in losses]
    width = max((len(row) - 1 for row in rows), default=0)
    padded = np.full((len(rows), max(width, 0)), inf)
    for place, row in enumerate(rows):
        padded[place, : max(len(row) - 1, 0)] = [value - row[0] for value in row[1:]]
    return padded


def require_logarithms(points: Points) -> None:
    """Raises `FitError` unless every compute and loss is a number above 0."""
    for name, values in (("compute", points.compute), ("loss", points.loss)):
        if not np.all(np.isfinite(values) & (values > 0)):
            raise FitError(f"A law needs every {name} to be a number above 0.")


def distinct(values: Floats) -> int:
    """Returns how many different values there are; those within a millionth are the same."""
    return len(np.unique(np.round(np.log(values), 6))) if len(values) else 0
