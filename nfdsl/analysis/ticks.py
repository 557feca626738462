"""Ticks of logarithmic axes that are never empty, however narrow the range."""

from collections.abc import Sequence
from math import ceil, floor, log10

from nfdsl.analysis.numerals import power_of_ten

_FEWEST, _MOST = 3, 8
_MANTISSAS = ((1.0,), (1.0, 2.0, 5.0), (1.0, 1.5, 2.0, 3.0, 5.0, 7.0))


def log_ticks(low: float, high: float) -> tuple[float, ...]:
    """Returns at least three round numbers within ``[low, high]``, where ``0 < low < high``.

    Powers of ten where the range spans enough of them (thinned to at most eight), else the
    1-2-5 series, else a finer one, else equal steps.
    """
    for mantissas in _MANTISSAS:
        ticks = _in_decades(low, high, mantissas)
        if len(ticks) >= _FEWEST:
            return ticks[:: ceil(len(ticks) / _MOST)]
    return _equal_steps(low, high)


def tick_labels(ticks: Sequence[float]) -> tuple[str, ...]:
    """Returns the ticks' numbers, all written out (``0.05``) or all in powers of ten (``10¹³``).

    Within one decade they have the same number of decimals.
    """
    if not all(1e-3 <= tick < 1e4 for tick in ticks):
        return tuple(power_of_ten(tick) for tick in ticks)
    plain = tuple(f"{tick:.6g}" for tick in ticks)
    if max(ticks) >= 10 * min(ticks):
        return plain
    decimals = max(len(text.partition(".")[2]) for text in plain)
    return tuple(f"{tick:.{decimals}f}" for tick in ticks)


def _in_decades(low: float, high: float, mantissas: tuple[float, ...]) -> tuple[float, ...]:
    exponents = range(floor(log10(low)), floor(log10(high)) + 1)
    ticks = (float(f"{mantissa}e{exponent}") for exponent in exponents for mantissa in mantissas)
    return tuple(tick for tick in ticks if low <= tick <= high)


def _equal_steps(low: float, high: float) -> tuple[float, ...]:
    widest = (high - low) / _FEWEST
    scale = 10.0 ** floor(log10(widest))
    step = next(factor * scale for factor in (5.0, 2.0, 1.0) if factor * scale <= widest * (1 + 1e-9))
    return tuple(float(f"{count * step:.10g}") for count in range(ceil(low / step), floor(high / step) + 1))
