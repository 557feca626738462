"""Numbers with units, in each of the ways a spec may write them."""

from collections.abc import Iterator
from decimal import Context
from fractions import Fraction

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from nfdsl.schema.setting import Description
from nfdsl.schema.units import SI_PREFIXES, UNITS, Dimension

_STEPS = 1000  # amounts a bounded range is divided into
_EXACT = Context(prec=60)
_LONGEST = 40  # characters; a spec admits numbers of less than 50 digits


def amounts(description: Description, *, whole: bool) -> SearchStrategy[Fraction]:
    """Returns a strategy of the exact amounts a setting admits, in canonical units."""
    low = Fraction(str(description.at_least if description.at_least is not None else description.above or 0))
    bound = description.at_most if description.at_most is not None else description.below
    high = low + (_STEPS if whole else 10) if bound is None else Fraction(str(bound))
    steps = int(high - low) if whole else _STEPS
    first = 0 if description.above is None else 1
    last = steps if description.below is None else steps - 1
    return st.integers(first, last).map(lambda step: low + (high - low) * step / steps)


def spellings(amount: Fraction, dimension: Dimension) -> SearchStrategy[str]:
    """Returns a strategy of texts that all mean `amount` canonical units of `dimension`.

    ``4096 images``, ``4_096 image``, ``4.096k images``, ``4.096e3images``: exact, whatever the unit.
    """
    return st.sampled_from([*_spellings(amount, dimension)])


def _spellings(amount: Fraction, dimension: Dimension) -> Iterator[str]:
    units = {"": Fraction(1)} if dimension is Dimension.NUMBER else {}
    units |= {name: unit.factor for name, unit in UNITS.items() if unit.dimension is dimension}
    for unit, factor in units.items():
        for prefix, size in {"": 1, **SI_PREFIXES}.items():
            digits = _decimal(amount / factor / size) if size == 1 or amount >= size * factor / 100 else None
            gaps = (" ", "") if unit else ("",)
            yield from (f"{form}{prefix}{gap}{unit}" for form in (_forms(digits) if digits else ()) for gap in gaps)


def _decimal(amount: Fraction) -> str | None:
    """Returns an amount in digits, if there is an end to them."""
    text = format(_EXACT.divide(_EXACT.create_decimal(amount.numerator), amount.denominator), "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text if len(text) < _LONGEST and Fraction(text) == amount else None


def _forms(digits: str) -> Iterator[str]:
    yield digits
    whole, point, fraction = digits.partition(".")
    if len(whole) > 3:
        yield f"{whole[:-3]}_{whole[-3:]}{point}{fraction}"
    yield f"{whole}.{fraction or '0'}"
    yield f"{int(whole + fraction)}e-{len(fraction)}" if fraction else f"{whole}E+0"
