"""What to try next in one cell: a pure function of its ladder and of what is known.

`Grid` tries the whole range. `Monotone(trials)` follows the paper's rule (see `leaning`):

1. The first trial is the lowest optimum of the cells that this one leans on; the top of the range where
   there is none.
2. Up to `trials`, the next one is the next lower than the best so far; if that was tried or does not
   exist, the next higher one. While everything diverged, it is the next lower than the lowest tried.
3. Beyond `trials`, a rate beside the best is tried where it may well be better:
   - in a cell that leans on none, or whose optimum costs little to search (`Ladder.small`), or where an
     optimum leaned on has risen, or has fallen by more than one rate at once;
   - where the parabola through the best and the rate on its other side, of the curvature found nearby,
     is lower there. A divergence on the other side, or no curvature yet, says nothing, so it is tried.

Under both, the range goes on by `extend` rates at the end where the best one lies (`Cell.below`, `Cell.above`):
an optimum at the end of a range is censored. Where everything diverged it goes on below. Where the plan has fewer such
rates, as the run of the next one is another cell's, what may be tried ends sooner and so censors sooner.

A failed run counts as a trial without a result: the siblings go on without it.
"""

from math import log
from typing import assert_never

from nfdsl.schema.training import Grid, Monotone
from nfdsl.study.tuning.known import Known
from nfdsl.study.tuning.ladder import Ladder
from nfdsl.study.tuning.leaning import Lean, beginning


def wanted(ladder: Ladder, known: Known, lean: Lean | None) -> tuple[str, ...]:
    """Returns the runs to carry out next; none once the cell is settled."""
    match ladder.tuner:
        case Grid():
            left = tuple(run for run in ladder.range if not known.tried(run))
            return left or _beyond_range(ladder, known)
        case Monotone(trials):
            if sum(map(known.tried, ladder.runs)) >= trials:
                return _if_promising(ladder, known, lean)
            first = ladder.runs[beginning(ladder, lean)]
            return _beside(ladder, known)[:1] if known.tried(first) else (first,)
        case _:
            assert_never(ladder.tuner)


def expected(ladder: Ladder) -> int:
    """Returns how many runs a cell takes where nothing is unusual."""
    match ladder.tuner:
        case Grid():
            return len(ladder.range)
        case Monotone(trials):
            return min(trials, len(ladder.range))
        case _:
            assert_never(ladder.tuner)


def _beyond_range(ladder: Ladder, known: Known) -> tuple[str, ...]:
    return tuple(run for run in _onward(ladder, known) if not ladder.within(ladder.runs.index(run)))[:1]


def _if_promising(ladder: Ladder, known: Known, lean: Lean | None) -> tuple[str, ...]:
    best = ladder.best(known.results)
    onward = _onward(ladder, known)
    if best is not None:
        onward = tuple(run for run in onward if _promising(ladder, known, lean, best, ladder.runs.index(run)))
    return onward[:1]


def _onward(ladder: Ladder, known: Known) -> tuple[str, ...]:
    """The runs not tried yet beside the best; where there is none, the one below a lowest that diverged."""
    beside = _beside(ladder, known)
    if ladder.best(known.results) is not None:
        return beside
    return tuple(run for run in beside if known.diverged(ladder.runs[ladder.runs.index(run) + 1]))


def _beside(ladder: Ladder, known: Known) -> tuple[str, ...]:
    """Rule 2: the runs not tried yet beside the best, or below all where none has a measurement, the lower first."""
    best, runs = ladder.best(known.results), ladder.runs
    if best is not None:
        places = range(max(0, best - 1), min(len(runs), best + 2))
    else:
        lowest = min((place for place, run in enumerate(runs) if known.tried(run)), default=0)
        places = range(max(0, lowest - 1), lowest)
    return tuple(runs[place] for place in places if not known.tried(runs[place]))


def _promising(ladder: Ladder, known: Known, lean: Lean | None, best: int, place: int) -> bool:
    """Rule 3: whether the rate at `place`, beside the best, may well be better."""
    if lean is None or lean.refuted or ladder.small or not ladder.within(place):
        return True
    other = 2 * best - place
    if not 0 <= other < len(ladder.runs) or ladder.runs[other] not in known.results:
        return False  # there is no slope to go by
    there, here = ladder.losses(known.results)[other], ladder.losses(known.results)[best]
    if there is None or here is None or lean.curvature is None:
        return True
    onward, back = (log(ladder.rates[at] / ladder.rates[best]) for at in (place, other))
    return (there - here) / back * onward + lean.curvature * onward * (onward - back) < 0
