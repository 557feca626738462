"""Learning rates beyond a range: what tuning goes on with where the best one lies at an end of it."""

from collections.abc import Sequence
from fractions import Fraction


def beyond(rates: Sequence[float], points: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Returns up to `points` learning rates below and above `rates`, each rising.

    The range goes on by the ratio of its two outermost rates at that end, in exact arithmetic: ``0.1 .. 3.2 by x2``
    goes on with 0.05 and 0.025, and with 6.4 and 12.8. A single rate has no ratio and is not extended.

    Args:
      rates: at least one, rising, all above 0.
      points: on each side.
    """
    if len(rates) < 2:
        return (), ()
    exact = [Fraction(repr(rate)) for rate in rates]
    return tuple(reversed(_onward(exact[1], exact[0], points))), _onward(exact[-2], exact[-1], points)


def _onward(before: Fraction, end: Fraction, points: int) -> tuple[float, ...]:
    return tuple(float(end * (end / before) ** step) for step in range(1, points + 1))
