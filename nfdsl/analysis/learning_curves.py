"""Training loss along the steps of the tuned runs of a block."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import isfinite

import numpy as np

from nfdsl.analysis.canvas import blank, legend_above, plot, scale_linear, scale_log, tip
from nfdsl.analysis.curves import curves, described
from nfdsl.analysis.drawing import Drawing, Missing, Numbers
from nfdsl.analysis.key import key
from nfdsl.analysis.numerals import significant
from nfdsl.analysis.replicates import Replicated, counted, runs
from nfdsl.study.records import LearningCurve, Record

_WINDOWS = 30  # means of so many stretches are drawn of each run
_CAPTION = (
    "Training loss of the best learning rate of each model and budget, as means over thirtieths of a run. "
    "The longer a run, the slower its learning rate falls."
)
_HEADINGS = ("run", "model", "epochs", "lr", "images", "training_loss")


def draw_learning_curves(records: Sequence[Replicated], told: Mapping[str, LearningCurve]) -> Drawing | Missing:
    """Returns the figure of a block's records, whose learning curves `told` holds by id; every seed has its own.

    To be called within `house_style`.
    """
    best = [record for record in records if record.tuned]
    paths = {run.id: path for run in runs(best) if (path := smoothed(run, told[run.id]))}
    if not paths:
        return Missing("No tuned run has told its training loss.")
    lines = curves([record for record in best if any(run.id in paths for run in record.members)])
    drawn = [(line, run) for line in lines for run in runs(line.records) if run.id in paths]
    shown = key(lines)
    figure, axes = blank()
    scale_log(axes, "x", [x for path in paths.values() for x, _ in path], "images seen")
    scale_linear(axes, "y", [y for path in paths.values() for _, y in path], "training loss")
    for line, run in drawn:
        path = paths[run.id]
        plot(axes, path, replace(shown.looks[line.name], marker="", alpha=0.75), level=2)
        plot(axes, path[-1:], replace(shown.looks[line.name], size=4.5))
        tip(axes, *path[-1], f"{described(run)}: training loss {significant(path[-1][1])} at its end")
    legend_above(figure, shown.models, shown.variants)
    table = tuple((run.id, run.model, run.epochs, run.lr, *point) for _, run in drawn for point in paths[run.id])
    caption = f"{_CAPTION} Every seed has its own curve." if counted(best) else _CAPTION
    return Drawing(figure, caption, Numbers(_HEADINGS, table))


def smoothed(record: Record, curve: LearningCurve) -> list[tuple[float, float]]:
    """Returns images seen and mean loss over each of at most `_WINDOWS` stretches of a run."""
    points = [(step, loss) for step, loss in zip(curve.steps, curve.losses, strict=True) if _drawable(step, loss)]
    if not points:
        return []
    images = record.images / record.steps
    stretches = np.array_split(np.array(points, dtype=np.float64), min(_WINDOWS, len(points)))
    return [(float(stretch[-1, 0]) * images, float(stretch[:, 1].mean())) for stretch in stretches]


def _drawable(step: int, loss: float | None) -> bool:
    return step > 0 and loss is not None and isfinite(loss)
