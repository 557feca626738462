"""The law of a block of runs."""

from collections.abc import Sequence
from math import inf, nan
from typing import Literal

import numpy as np

from nfdsl.analysis.envelope import envelope
from nfdsl.analysis.fit import Fit, fit
from nfdsl.analysis.forms import FormName
from nfdsl.analysis.points import FitError, Points, rivals
from nfdsl.analysis.rates import censored
from nfdsl.analysis.replicates import Replicated

# The form of law that a figure's `fit` names.
FormWord = Literal["power_law", "saturating", "double", "parametric", "isoflop", "envelope"]


def form_of(word: FormWord) -> FormName:
    """Returns the form that a spec's word stands for."""
    return "power" if word == "power_law" else word


def optimal(tuned: Sequence[Replicated]) -> tuple[Replicated, ...]:
    """Returns the tuned runs with the lowest loss reached at or below their compute, cheapest first."""
    measured = [record for record in tuned if record.holdout_loss is not None]
    compute = np.array([record.train_flops for record in measured], dtype=np.float64)
    loss = np.array([record.holdout_loss for record in measured], dtype=np.float64)
    places: list[int] = envelope(compute, loss).tolist()
    return tuple(measured[place] for place in places)


def admitted(records: Sequence[Replicated], *, keep_censored: bool = False) -> tuple[Replicated, ...]:
    """Returns the tuned runs of a block that may enter a law: censored optima may not, unless they are to be kept."""
    edges = frozenset[str]() if keep_censored else censored(records)
    return tuple(record for record in records if record.tuned and record.cell not in edges)


def fitted(records: Sequence[Replicated], form: FormName, *, keep_censored: bool = False) -> tuple[Replicated, ...]:
    """Returns the runs that a law of this form goes through; laws of compute take what is compute-optimal."""
    members = admitted(records, keep_censored=keep_censored)
    if form in ("power", "saturating", "double"):
        return optimal(members)
    return tuple(record for record in members if record.holdout_loss is not None)


def law_of(records: Sequence[Replicated], form: FormName) -> Fit:
    """Returns the law of a form through a block's runs, all of them given.

    Raises:
      FitError: they do not determine it. The message says what is missing, and how many optima are left out.
    """
    members = fitted(records, form)
    try:
        return fit(study_points(members, records), form)
    except FitError as error:
        raise FitError(" ".join(filter(None, (str(error), left_out(records))))) from None


def left_out(records: Sequence[Replicated]) -> str:
    """Returns a sentence on the tuned runs that enter no law; empty where all may."""
    tuned = sum(record.tuned for record in records)
    missing = tuned - len(admitted(records))
    if not missing:
        return ""
    verb, whose = ("is", "its") if missing == 1 else ("are", "their")
    return (
        f"{missing} of {tuned} tuned runs {verb} left out: {whose} best learning rate lies on the edge of the grid, "
        "so a better one may lie beyond."
    )


def study_points(members: Sequence[Replicated], records: Sequence[Replicated]) -> Points:
    """Returns runs as points, with their rivals at other learning rates among `records`, tried with as many seeds.

    Size counts multiply-adds an image: compute is 6 times their product with images.
    """
    cells = {record.cell: (len(record.done), list[float]()) for record in members}
    for record in records:
        seeds, losses = cells.get(record.cell, (inf, list[float]()))
        if not record.diverged and record.holdout_loss is not None and len(record.done) >= seeds:
            losses.append(record.holdout_loss)
    deviations = [record.loss_deviation for record in members]
    return Points(
        compute=np.array([record.train_flops for record in members], dtype=np.float64),
        loss=np.array([record.holdout_loss for record in members], dtype=np.float64),
        size=np.array([record.macs_per_image for record in members], dtype=np.float64),
        examples=np.array([record.images for record in members], dtype=np.float64),
        size_name="macs_per_image",
        rivals=rivals([cells[record.cell][1] for record in members]),
        seeds=np.array([len(record.done) for record in members], dtype=np.float64),
        deviation=np.array([nan if value is None else value for value in deviations]),
    )
