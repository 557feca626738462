"""Numbers of a setting: the right unit, in range, exact, and of the type the schema wants."""

import re
from collections.abc import Sequence
from typing import Any, get_args, get_origin

from nfdsl.check.numbers import Amount, Names, Numeric, measure
from nfdsl.check.point import Point
from nfdsl.check.rejected import Rejected
from nfdsl.check.several import several_numbers
from nfdsl.check.wanted import Wanted
from nfdsl.diagnostics import Diagnostic, Fix, Label
from nfdsl.schema.units import Dimension, Quantity, quantity
from nfdsl.syntax import ast

_LITERAL = re.compile(r"[0-9][0-9_.]*([eE][+-]?[0-9]+)?[kMGBT]?")
_LARGEST = 10**36  # far above anything measured; products of several still fit into a float


def numbers(value: ast.Value, wanted: Wanted, names: Names) -> list[Point[Any]]:
    """Returns `value` as the number, quantity or list of numbers that is wanted, at every grid point.

    Raises:
      Rejected: it is no number, has the wrong unit, or is out of range.
    """
    if isinstance(value, ast.Phrase) and (found := several_numbers(value)) is not None:
        raise Rejected(found)
    if isinstance(value, ast.String | ast.Call | ast.Phrase):
        raise wanted.but_is(value, wanted.number)
    points = measure(value, wanted.axis, names)
    if wanted.description.collects:
        amounts = [amount for point in points for amount in _items(point.value)]
        return [Point(tuple(_typed(amount, float, value, wanted) for amount in amounts))]
    return [Point(_converted(point.value, value, wanted), point.choices) for point in points]


def _items(value: Numeric) -> Sequence[Numeric]:
    return value if isinstance(value, tuple) else (value,)


def _converted(numeric: Numeric, value: ast.Value, wanted: Wanted) -> Any:
    if get_origin(wanted.annotation) is not tuple:
        return _typed(numeric, wanted.annotation, value, wanted)
    if not isinstance(numeric, tuple):
        raise wanted.but_is(value, "a list, such as `[1, 2]`")
    item_type = get_args(wanted.annotation)[0]
    return tuple(_typed(item, item_type, value, wanted) for item in numeric)


def _typed(numeric: Numeric, number_type: type, value: ast.Value, wanted: Wanted) -> int | float | Quantity:
    if isinstance(numeric, tuple):
        raise wanted.but_is(value, wanted.number)
    _check_unit(numeric, wanted)
    _check_range(numeric, wanted)
    if abs(numeric.value) > _LARGEST:
        headline = f"`{wanted.axis}` is too large a number"
        raise Rejected(Diagnostic("huge-number", headline, Label(numeric.span, "more than 1e36"), help=wanted.help))
    if number_type is Quantity:
        return quantity(numeric.value, numeric.dimension)
    if number_type is float:
        return float(numeric.value)
    if numeric.value.denominator != 1:
        raise Rejected(
            Diagnostic(
                "not-whole",
                f"`{wanted.axis}` wants {wanted.number}",
                Label(numeric.span, f"this is {numeric}"),
                help=f"the nearest is {round(numeric.value)}",
            )
        )
    return int(numeric.value)


def _check_unit(amount: Amount, wanted: Wanted) -> None:
    units = wanted.description.units
    if amount.dimension in units:
        return
    names = [dimension.value for dimension in units]
    if amount.dimension is Dimension.NUMBER:
        headline, label = f"`{wanted.axis}` needs a unit", "this has none"
        text = f"{amount.span.text} {names[0]}"
        fix = Fix(amount.span, text) if len(names) == 1 and _LITERAL.fullmatch(amount.span.text) else None
        advice = f"write `{text}`" if fix else f"write the unit behind the number: {', '.join(names)}"
    elif Dimension.NUMBER in units:
        headline, label = f"`{wanted.axis}` has no unit", f"this is in {amount.dimension.value}"
        advice, fix = "write the number alone", None
    else:
        headline = f"`{wanted.axis}` is measured in {' or '.join(names)}, not in {amount.dimension.value}"
        label = f"this is in {amount.dimension.value}"
        advice, fix = wanted.help, None
    raise Rejected(Diagnostic("wrong-unit", headline, Label(amount.span, label), help=advice, fix=fix))


def _check_range(amount: Amount, wanted: Wanted) -> None:
    bounds = wanted.description
    limits = [
        (bounds.at_least, "at least", amount.value >= (bounds.at_least or 0)),
        (bounds.above, "above", amount.value > (bounds.above or 0)),
        (bounds.at_most, "at most", amount.value <= (bounds.at_most or 0)),
        (bounds.below, "below", amount.value < (bounds.below or 0)),
    ]
    broken = [f"{word} {bound:g}" for bound, word, holds in limits if bound is not None and not holds]
    if broken:
        headline = f"`{wanted.axis}` must be {broken[0]}"
        raise Rejected(Diagnostic("out-of-range", headline, Label(amount.span, f"this is {amount}"), help=wanted.help))
