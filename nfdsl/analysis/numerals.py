"""How numbers are written in a report: short, with units, in plain Unicode."""

from collections.abc import Sequence
from math import floor, inf, isfinite, log10

TIMES = "\N{MULTIPLICATION SIGN}"

_UNBOUNDED = {inf: "\N{INFINITY}", -inf: "-\N{INFINITY}"}
_RAISED = str.maketrans("-.0123456789", "⁻·⁰¹²³⁴⁵⁶⁷⁸⁹")


def superscript(number: str) -> str:
    """Returns a number's characters raised, for ``10¹⁴`` and ``C⁻⁰·¹²``."""
    return number.translate(_RAISED)


def significant(value: float, digits: int = 3) -> str:
    """Returns `value` rounded to that many digits: ``0.0123``, ``12,300``, from 100,000 on in powers of ten.

    What is infinite is ``\N{INFINITY}``, and what is not a number ``unknown``.
    """
    if value == 0:
        return "0"
    if not isfinite(value):
        return _UNBOUNDED.get(value, "unknown")
    mantissa, exponent = _scientific(value, digits)
    if -4 <= exponent < 5:
        return f"{float(f'{mantissa}e{exponent}'):,.{max(0, digits - 1 - exponent)}f}"
    return f"{mantissa} {TIMES} 10{superscript(str(exponent))}"


def chosen(value: float) -> str:
    """Returns a number someone chose, such as a learning rate or a budget: ``0.25``, ``8``."""
    return f"{value:.4g}" if value == 0 or 1e-4 <= abs(value) < 1e4 else significant(value)


def duration(seconds: float) -> str:
    """Returns a time span in its two largest units: ``4.2 s``, ``3 min 05 s``, ``2 h 07 min``."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60:,} h {minutes % 60:02d} min"


def listed(items: Sequence[str]) -> str:
    """Returns ``a``, ``a and b``, ``a, b and c``."""
    return " and ".join(filter(None, [", ".join(items[:-1]), *items[-1:]]))


def _scientific(value: float, digits: int) -> tuple[str, int]:
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return mantissa, int(exponent)


def power_of_ten(value: float) -> str:
    """Returns a round number as ``10¹⁴``, after a factor where there is one."""
    exponent = floor(log10(value) + 1e-9)
    mantissa = f"{value / 10.0**exponent:.4g}"
    power = f"10{superscript(str(exponent))}"
    return power if mantissa == "1" else f"{mantissa}{TIMES}{power}"
