"""Losses along the steps of the tuned runs of a block."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import isfinite

import numpy as np

from nfdsl.analysis.canvas import blank, legend_above, plot, scale_linear, scale_log, tip
from nfdsl.analysis.curves import curves, described, rates_kept
from nfdsl.analysis.drawing import Drawing, Missing, Numbers
from nfdsl.analysis.key import key
from nfdsl.analysis.numerals import significant
from nfdsl.analysis.replicates import Replicated, counted, runs
from nfdsl.study.records import LearningCurve, Record

Path = list[tuple[float, float]]  # images seen, loss
Row = tuple[str | float | None, ...]

_WINDOWS = 30  # means of so many stretches are drawn of each run
_CAPTION = (
    "Training loss of {} learning rate of each model and budget, as means over thirtieths of a run. "
    "The longer a run, the slower its learning rate falls."
)
_EVALUATED = " Dotted are held-out losses, on the way and at the end."
_DOTTED = (0.0, (0.8, 2.4))  # points drawn and left out
_HEADINGS = ("run", "model", "epochs", "lr", "images", "training_loss", "holdout_loss")


def draw_learning_curves(records: Sequence[Replicated], told: Mapping[str, LearningCurve]) -> Drawing | Missing:
    """Returns the figure of a block's records, whose learning curves `told` holds by id; every seed has its own.

    To be called within `house_style`.
    """
    best = [record for record in records if record.tuned]
    paths = {run.id: path for run in runs(best) if (path := smoothed(run, told[run.id]))}
    if not paths:
        return Missing("No tuned run has told its training loss.")
    dots = {run.id: evaluated(run, told[run.id]) for run in runs(best) if run.id in paths}
    lines = curves([record for record in best if any(run.id in paths for run in record.members)])
    drawn = [(line, run) for line in lines for run in runs(line.records) if run.id in paths]
    shown = key(lines)
    figure, axes = blank()
    shown_points = [point for of_run in (*paths.values(), *dots.values()) for point in of_run]
    scale_log(axes, "x", [x for x, _ in shown_points], "images seen")
    scale_linear(axes, "y", [y for _, y in shown_points], "loss" if any(dots.values()) else "training loss")
    for line, run in drawn:
        path = paths[run.id]
        plot(axes, path, replace(shown.looks[line.name], marker="", alpha=0.75), level=2)
        plot(axes, path[-1:], replace(shown.looks[line.name], size=4.5))
        if dots[run.id]:
            plot(axes, dots[run.id], replace(shown.looks[line.name], line=_DOTTED, marker=".", size=4.5), level=4)
        tip(axes, *path[-1], f"{described(run)}: training loss {significant(path[-1][1])} at its end")
    legend_above(figure, shown.models, shown.variants)
    caption = (
        f"{_CAPTION.format('every' if rates_kept(best) else 'the best')}{_EVALUATED if any(dots.values()) else ''}"
    )
    caption = f"{caption} Every seed has its own curve." if counted(best) else caption
    return Drawing(figure, caption, Numbers(_HEADINGS, tuple(_rows([run for _, run in drawn], paths, dots))))


def _rows(drawn: Sequence[Record], paths: Mapping[str, Path], dots: Mapping[str, Path]) -> Iterator[Row]:
    """Yields for each run its points of training, then those of evaluation."""
    for run in drawn:
        of_run = run.id, run.model, run.epochs, run.lr
        yield from ((*of_run, images, loss, None) for images, loss in paths[run.id])
        yield from ((*of_run, images, None, loss) for images, loss in dots[run.id])


def smoothed(record: Record, curve: LearningCurve) -> Path:
    """Returns images seen and mean loss over each of at most `_WINDOWS` stretches of a run."""
    points = _drawable(curve.steps, curve.losses)
    if not points:
        return []
    images = record.images / record.steps
    stretches = np.array_split(np.array(points, dtype=np.float64), min(_WINDOWS, len(points)))
    return [(float(stretch[-1, 0]) * images, float(stretch[:, 1].mean())) for stretch in stretches]


def evaluated(record: Record, curve: LearningCurve) -> Path:
    """Returns images seen and held-out loss at each evaluation of a run; nothing where only its end was evaluated."""
    points = _drawable(curve.evaluated, curve.holdout_losses)
    images = record.images / record.steps
    return [(step * images, loss) for step, loss in points] if len(points) > 1 else []


def _drawable(steps: Sequence[int], losses: Sequence[float | None]) -> list[tuple[int, float]]:
    pairs = zip(steps, losses, strict=True)
    return [(step, loss) for step, loss in pairs if step > 0 and loss is not None and isfinite(loss)]
