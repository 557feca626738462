"""What a settled cell tells those of more compute, which begin their search where it ended.

The best learning rate falls slowly and monotonically with the size of the network and with the budget
(arXiv 2310.16764, section 2 and Figure 3). A smaller network's or budget's optimum is therefore a bound from
above, and a near one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from nfdsl.study.tuning.known import Known
from nfdsl.study.tuning.ladder import Ladder

_TIE = 0.25  # of the curvature: noise decides between two rates so close, and refutes nothing


@dataclass(frozen=True)
class Lean:
    """What a cell's search may rely on."""

    rate: float  # where to begin: the lowest optimum of the cells leaned on
    curvature: float | None  # of the loss over log rate: its second divided difference around a nearby optimum
    refuted: bool  # an optimum so far rose, or fell by more than one rate at once


def combined(leans: Sequence[Lean]) -> Lean | None:
    """Returns what several cells tell together; of them the first with a curvature counts for that."""
    if not leans:
        return None
    curvature = next((lean.curvature for lean in leans if lean.curvature is not None), None)
    return Lean(min(lean.rate for lean in leans), curvature, any(lean.refuted for lean in leans))


def lesson(ladder: Ladder, known: Known, lean: Lean | None) -> Lean:
    """Returns what a settled cell, which relied on `lean` itself, tells those that lean on it."""
    best = ladder.best(known.results)
    own = None if best is None else curvature(ladder, known, best)
    bent = lean.curvature if own is None and lean is not None else own
    refuted = lean is not None and (lean.refuted or (best is not None and _refutes(ladder, known, best, bent, lean)))
    return Lean(_rate(ladder, known, best, lean), bent, refuted)


def curvature(ladder: Ladder, known: Known, place: int) -> float | None:
    """Returns the second divided difference of the loss over log rate at `place`; None without both its neighbours."""
    if not 0 < place < len(ladder.runs) - 1:
        return None
    below, here, above = ladder.losses(known.results)[place - 1 : place + 2]
    if below is None or here is None or above is None:
        return None
    left, right = log(ladder.rates[place] / ladder.rates[place - 1]), log(ladder.rates[place + 1] / ladder.rates[place])
    return ((above - here) / right - (here - below) / left) / (left + right)


def beginning(ladder: Ladder, lean: Lean | None) -> int:
    """Returns the place of the first trial: the top of the range where there is nothing to lean on."""
    return ladder.top if lean is None else ladder.at_most(lean.rate)


def _rate(ladder: Ladder, known: Known, best: int | None, lean: Lean | None) -> float:
    """The optimum; below all that was tried where everything diverged; where the search began if it all failed."""
    if best is not None:
        return ladder.rates[best]
    ended = [place for place, run in enumerate(ladder.runs) if run in known.results]
    return ladder.rates[max(0, ended[0] - 1) if ended else beginning(ladder, lean)]


def _refutes(ladder: Ladder, known: Known, best: int, bent: float | None, lean: Lean) -> bool:
    """Whether the optimum rose above the bound, clearly, or fell by more than one rate."""
    bound = beginning(ladder, lean)
    if best <= bound:
        return bound - best > 1
    losses = ladder.losses(known.results)
    there, here = losses[bound], losses[best]
    if there is None or here is None or bent is None:
        return True
    span = log(ladder.rates[best] / ladder.rates[best - 1])
    return there - here > _TIE * 2 * bent * span**2
