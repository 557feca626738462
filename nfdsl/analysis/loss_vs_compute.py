"""Held-out loss against training compute, a curve per model, with the law (arXiv 2310.16764, Figure 2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp

import numpy as np
from matplotlib.axes import Axes

from nfdsl.analysis.canvas import band, blank, core_hours_above, legend_above, note, plot, scale_log, tip, whisker
from nfdsl.analysis.curves import Cost, curves, described, rates_kept
from nfdsl.analysis.drawing import Drawing, Missing, Numbers
from nfdsl.analysis.equation import along, equation, exponents
from nfdsl.analysis.fit import Fit
from nfdsl.analysis.forms import FormName
from nfdsl.analysis.key import LegendEntry, key
from nfdsl.analysis.laws import fitted, law_of, left_out, optimal
from nfdsl.analysis.numerals import TIMES, significant
from nfdsl.analysis.points import FitError, Floats, unrivalled
from nfdsl.analysis.rates import censored
from nfdsl.analysis.replicates import Replicated, explained, noted
from nfdsl.analysis.run_numbers import MEAN_HEADINGS, mean_numbers
from nfdsl.analysis.style import INK, MUTED, Look

# The axis reaches for runs at other learning rates this far above the tuned ones, as a share of
# the tuned ones' own range: a run that nearly diverged must not flatten the curves.
_HEADROOM = 0.6
_RING = Look(INK.light, "o", line="none", fill="open", size=11.0)
_CENSORED = Look(INK.light, "o", line="none", fill="paper")
_SMOOTH = 64  # places at which a law is drawn
_LAW = Look(MUTED.light, line=(0.0, (5.0, 2.5)))
_CAPTION = (
    "Ringed points are compute-optimal: no run of as much compute or less has a lower loss. "
    f"Compute is 6 {TIMES} multiply-adds {TIMES} images."
)


def draw_loss_vs_compute(records: Sequence[Replicated], form: FormName | None) -> Drawing | Missing:
    """Returns the figure of a block's records, the law of that form in it if there is one and it can be fitted.

    To be called within `house_style`.
    """
    evaluated = [record for record in records if record.holdout_loss]  # 0 has no place on a log axis
    best = [record for record in evaluated if record.tuned]
    if not best:
        return Missing("No run has a held-out loss yet.")
    ceiling = _ceiling([_loss(record) for record in best])
    visible = [record for record in evaluated if _loss(record) <= ceiling]
    lines, edges = curves(best), censored(records)
    shown = key(lines)
    figure, axes = blank()
    law = _law(records, form) if form else ""
    ends = [end for record in best for end in _reach(record)]
    _scale(axes, visible, ends if isinstance(law, str) else [*ends, law.losses[0], law.losses[-1]])
    _draw_others(axes, visible, {record.cell: shown.looks[line.name] for line in lines for record in line.records})
    for line in lines:
        _draw_curve(axes, line.records, shown.looks[line.name], edges)
    plot(axes, _points(optimal(best)), _RING, level=4)
    entries = [] if isinstance(law, str) else _draw_law(axes, law)
    remark = law if isinstance(law, str) else law.remark
    hollow = [(_CENSORED, "learning rate on the edge of its grid")] if edges else []
    legend_above(figure, shown.models, shown.variants, [(_RING, "compute-optimal"), *entries, *hollow])
    caption = " ".join(
        filter(None, (_on_curves(evaluated), _CAPTION, explained(best), _on_others(evaluated, visible), remark))
    )
    return Drawing(figure, caption, _numbers(evaluated, edges))


def _numbers(records: Sequence[Replicated], edges: frozenset[str]) -> Numbers:
    best = {record.id for record in optimal([record for record in records if record.tuned])}
    flags = ((record.tuned, record.cell in edges, record.id in best) for record in records)
    rows = ((*mean_numbers(record), *map(str, marks)) for record, marks in zip(records, flags, strict=True))
    return Numbers((*MEAN_HEADINGS, "tuned", "censored", "optimal"), tuple(rows))


def _scale(axes: Axes, visible: Sequence[Replicated], others: Sequence[float]) -> None:
    scale_log(axes, "x", [record.train_flops for record in visible], "training compute (FLOPs)")
    scale_log(axes, "y", [*map(_loss, visible), *others], "held-out loss")
    core_hours_above(axes, [Cost(record.train_flops, record.core_hours) for record in visible])


def _draw_others(axes: Axes, visible: Sequence[Replicated], looks: Mapping[str, Look]) -> None:
    for record in visible:
        if not record.tuned:
            plot(axes, _points([record]), replace(looks[record.cell], size=3.5, alpha=0.35), level=2)


def _draw_curve(axes: Axes, records: Sequence[Replicated], look: Look, edges: frozenset[str]) -> None:
    plot(axes, _points(records), look)
    for record in records:
        tip(axes, record.train_flops, _loss(record), f"{described(record)}: loss {_told(record)}")
        whisker(axes, record.train_flops, _reach(record), look)
        if record.cell in edges:
            plot(axes, _points([record]), replace(look, fill="paper"))


@dataclass(frozen=True)
class _DrawnLaw:
    """A law over the compute it was fitted on."""

    fit: Fit
    compute: Floats  # [places]
    losses: Floats  # [places]
    remark: str


def _law(records: Sequence[Replicated], form: FormName) -> _DrawnLaw | str:
    """Returns the law of a form through a block's runs, or why there is none."""
    try:
        fit = law_of(records, form)
    except FitError as error:
        return f"No law is drawn. {error}"
    ends = [record.train_flops for record in fitted(records, form)]
    compute = np.geomspace(min(ends), max(ends), _SMOOTH)
    return _DrawnLaw(fit, compute, along(fit, compute), " ".join(filter(None, [left_out(records), *fit.notes])))


def _draw_law(axes: Axes, law: _DrawnLaw) -> list[LegendEntry]:
    """Draws a law, with its interval where it is one of compute; returns its legend entry."""
    fit = law.fit
    if fit.law.form.columns == ("compute",):
        band(axes, law.compute, *fit.law.band(unrivalled(law.compute, law.losses)))
    plot(axes, list(zip(law.compute.tolist(), law.losses.tolist(), strict=True)), _LAW, level=2)
    note(axes, "\n".join([equation(fit), *exponents(fit)]))
    return [(_LAW, "fitted law")]


def _points(records: Sequence[Replicated]) -> list[tuple[float, float]]:
    return [(record.train_flops, _loss(record)) for record in records]


def _loss(record: Replicated) -> float:
    assert record.holdout_loss is not None
    return record.holdout_loss


def _told(record: Replicated) -> str:
    spread = "" if record.loss_deviation is None else significant(record.loss_deviation, 2)
    return significant(_loss(record)) + noted(record, spread)


def _reach(record: Replicated) -> tuple[float, float]:
    """Returns a standard deviation to either side of the loss, in log loss; the loss itself for a single run."""
    factor = exp((record.loss_deviation or 0.0) / _loss(record))
    return _loss(record) / factor, _loss(record) * factor


def _ceiling(losses: Sequence[float]) -> float:
    low, high = min(losses), max(losses)
    return high * max(high / low, 1.2) ** _HEADROOM


def _on_curves(evaluated: Sequence[Replicated]) -> str:
    """Returns a sentence on what curves and points are, as far as learning rates go."""
    if rates_kept([record for record in evaluated if record.tuned]):
        return "Each curve is one model and learning rate at its budgets."
    if all(record.tuned for record in evaluated):
        return "Each curve is one model at its budgets."
    return "Each curve is one model at its budgets, every point the best learning rate of that budget."


def _on_others(evaluated: Sequence[Replicated], visible: Sequence[Replicated]) -> str:
    """Returns a word on the runs at other learning rates, empty where there are none."""
    if all(record.tuned for record in evaluated):
        return ""
    outside = len(evaluated) - len(visible)
    beyond = f", {outside:,} of them above the frame" if outside else ""
    return f"Faint points are other learning rates{beyond}."
