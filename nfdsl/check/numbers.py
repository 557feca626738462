"""Numbers with units, and arithmetic between them: exact, dimension-checked, at every grid point."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Protocol

from nfdsl.check.point import Choice, Point, combinations, refuse_more_than_limit, sweep
from nfdsl.check.rejected import Rejected
from nfdsl.check.several import several_numbers
from nfdsl.check.tally import Tally
from nfdsl.check.wanted import described
from nfdsl.diagnostics import Diagnostic, Fix, Label
from nfdsl.schema.units import UNITS, Dimension
from nfdsl.source import Span
from nfdsl.syntax import ast


@dataclass(frozen=True)
class Amount:
    """An exact number in canonical units of its dimension, and where it was written."""

    value: Fraction
    dimension: Dimension
    span: Span

    def __str__(self) -> str:
        return f"{float(self.value):.12g} {self.dimension.value}".rstrip()


Numeric = Amount | tuple[Amount, ...]

# Exact numbers grow with each operation. These bounds keep them quick, and within what a float can hold.
_DIGITS = 8192  # bits of a numerator or a denominator
_SCALE = 1000  # powers of two above or below one

_LONGEST = 64  # items of a list: stages of a network, axes of a slice


class Names(Protocol):
    """Says what names in arithmetic stand for."""

    @property
    def tally(self) -> Tally: ...

    def numbers(self, name: ast.Name, axis: str) -> Sequence[Point[Numeric]]:
        """Returns the numbers a name stands for. Raises `Rejected` where it stands for none."""
        ...


def measure(value: ast.Value, axis: str, names: Names) -> list[Point[Numeric]]:
    """Returns the numbers and lists of numbers `value` stands for.

    Raises:
      Rejected: `value` is not made of numbers, its dimensions do not fit together, or it is too large.
    """
    points = _measured(value, axis, names)
    names.tally.add(points, value.span)
    return points


def _measured(value: ast.Value, axis: str, names: Names) -> list[Point[Numeric]]:
    match value:
        case ast.Number():
            return [Point(_amount(value))]
        case ast.Shape():
            _refuse_long(value.sizes, value.span, axis)
            return [Point(tuple(Amount(Fraction(size), Dimension.NUMBER, value.span) for size in value.sizes))]
        case ast.List():
            _refuse_long(value.items, value.span, axis)
            return [*combinations([_items(item, axis, names) for item in value.items], value.span)]
        case ast.Negative():
            return [
                Point(_negated(point.value, value.span), point.choices) for point in measure(value.value, axis, names)
            ]
        case ast.Grid():
            return sweep(value, axis, lambda entry: measure(entry, axis, names))
        case ast.Range():
            return _range(value, axis, names)
        case ast.Binary():
            sides = [measure(value.left, axis, names), measure(value.right, axis, names)]
            return [Point(_apply(value, *pair.value), pair.choices) for pair in combinations(sides, value.span)]
        case ast.Name():
            return [*names.numbers(value, axis)]
        case ast.String() | ast.Call() | ast.Phrase():
            raise Rejected(not_a_number(value, axis))


def _refuse_long(items: Sequence[object], span: Span, axis: str) -> None:
    if len(items) > _LONGEST:
        headline, advice = f"`{axis}` takes at most {_LONGEST} numbers", "a list has one for each stage or axis"
        raise Rejected(Diagnostic("list-too-long", headline, Label(span, f"this has {len(items):,}"), help=advice))


def _items(item: ast.Value, axis: str, names: Names) -> list[Point[Numeric]]:
    """Returns the points of one item of a list."""
    points = measure(item, axis, names)
    if any(isinstance(point.value, tuple) for point in points):
        problem = f"`{axis}` wants numbers in its list, not lists"
        label = Label(item.span, "this is a list" if isinstance(item, ast.List) else "this stands for a list")
        raise Rejected(Diagnostic("wrong-type", problem, label, help="a list is written `[1, 2]`, without inner lists"))
    return points


def _amount(number: ast.Number) -> Amount:
    if number.unit is None:
        return Amount(number.value, Dimension.NUMBER, number.span)
    unit = UNITS[number.unit.text]
    return Amount(number.value * unit.factor, unit.dimension, number.span)


def _named(amount: Amount) -> str:
    return amount.dimension.value or "plain numbers"


def _negated(value: Numeric, span: Span) -> Numeric:
    if isinstance(value, tuple):
        return tuple(replace(item, value=-item.value, span=span) for item in value)
    return replace(value, value=-value.value, span=span)


def _apply(binary: ast.Binary, left: Numeric, right: Numeric) -> Numeric:
    """Returns ``left operator right``; a number combines with each item of a list."""
    if isinstance(left, Amount):
        if isinstance(right, Amount):
            return _result(binary, left, right)
        return tuple(_result(binary, left, item) for item in right)
    if isinstance(right, Amount):
        return tuple(_result(binary, item, right) for item in left)
    if len(left) != len(right):
        raise _misfit(binary, f"lists of {len(left)} and {len(right)} items cannot be combined")
    return tuple(_result(binary, a, b) for a, b in zip(left, right, strict=True))


def _result(binary: ast.Binary, left: Amount, right: Amount) -> Amount:
    if binary.operator == "/" and right.value == 0:
        raise _misfit(binary, "division by zero")
    dimension = _dimension(binary, left.dimension, right.dimension)
    value = _combined(binary, left.value, right.value)
    _refuse_immense(value, binary.span)
    return Amount(value, dimension, binary.span)


def _refuse_immense(value: Fraction, span: Span) -> None:
    """Refuses numbers of more digits than anything measured has, which would take for ever to reckon with."""
    above, below = value.numerator.bit_length(), value.denominator.bit_length()
    if max(above, below) > _DIGITS or (above and abs(above - below) > _SCALE):
        raise Rejected(
            Diagnostic(
                "huge-number",
                "this number is too long",
                Label(span, "more digits than nfdsl reckons with"),
                help="arithmetic is exact, so numbers grow with each product: say it with rounder or fewer numbers",
            )
        )


def _combined(binary: ast.Binary, left: Fraction, right: Fraction) -> Fraction:
    match binary.operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return left / right


def _dimension(binary: ast.Binary, left: Dimension, right: Dimension) -> Dimension:
    match binary.operator:
        case "+" | "-" if left == right:
            return left
        case "*" if Dimension.NUMBER in (left, right):
            return right if left == Dimension.NUMBER else left
        case "/" if right == Dimension.NUMBER:
            return left
        case "/" if left == right:
            return Dimension.NUMBER
        case _:
            pass
    names = [dimension.value or "plain numbers" for dimension in (left, right)]
    raise _misfit(binary, f"{names[0]} {binary.operator} {names[1]} has no meaning")


def _range(value: ast.Range, axis: str, names: Names) -> list[Point[Numeric]]:
    first, last = value.first, value.last
    if isinstance(first, ast.Number) and isinstance(last, ast.Number) and first.unit is None:
        first = replace(first, unit=last.unit)
    points: list[Point[Numeric]] = []
    for end in combinations([measure(first, axis, names), measure(last, axis, names)], value.span):
        points += [Point(amount, (*end.choices, Choice(axis, str(amount)))) for amount in _steps(value, *end.value)]
        refuse_more_than_limit(len(points), value.span)
    return points


def _steps(value: ast.Range, first: Numeric, last: Numeric) -> list[Amount]:
    if isinstance(first, tuple) or isinstance(last, tuple):
        raise _misfit(value, "a range goes from one number to another, not between lists")
    if first.dimension != last.dimension:
        raise _misfit(value, f"the range starts in {_named(first)} and ends in {_named(last)}")
    by = _amount(value.by)
    if first.value > last.value:
        raise Rejected(_range_problem(value, "this range is empty: its start is above its end", _swapped(value)))
    if value.kind == "x" and (by.value <= 1 or first.value <= 0):
        raise Rejected(_range_problem(value, "a range `by x` needs a start above 0 and a factor above 1"))
    if value.kind == "+" and by.value <= 0:
        raise Rejected(_range_problem(value, "a range `by +` needs a step above 0"))
    if value.kind == "+" and by.dimension not in (Dimension.NUMBER, first.dimension):
        raise _misfit(value, f"the range is in {_named(first)}, its step in {_named(by)}")
    return _count(value, first, last.value, by.value)


def _swapped(value: ast.Range) -> str:
    """Returns the range's ends in the other order; a unit that stands for both stays behind them."""
    first, last = value.first.span.text, value.last.span.text
    if isinstance(value.first, ast.Number) and isinstance(value.last, ast.Number) and not value.first.unit:
        bare = last[: -len(value.last.unit.text)].rstrip() if value.last.unit else last
        return f"{bare} .. {first}{last[len(bare) :]}"
    return f"{last} .. {first}"


def _count(value: ast.Range, first: Amount, last: Fraction, by: Fraction) -> list[Amount]:
    steps: list[Amount] = []
    reached = first.value
    if value.kind == "+":
        refuse_more_than_limit(int((last - reached) / by) + 1, value.span)
    while reached <= last:
        steps.append(Amount(reached, first.dimension, value.span))
        refuse_more_than_limit(len(steps), value.span)
        _refuse_immense(reached, value.span)
        reached = reached * by if value.kind == "x" else reached + by
    return steps


def _range_problem(value: ast.Range, headline: str, ends: str = "") -> Diagnostic:
    fix = Fix(value.first.span.to(value.last.span), ends) if ends else None
    advice = f"write `{ends}`" if ends else "write, for example, `0.1 .. 3.2 by x2` or `1 .. 5 by +1`"
    return Diagnostic("empty-range", headline, Label(value.span, "this range"), help=advice, fix=fix)


def _misfit(value: ast.Value, headline: str) -> Rejected:
    label = Label(value.span, "this does not fit together")
    return Rejected(Diagnostic("wrong-dimension", headline, label, help="use one unit on both sides"))


def not_a_number(value: ast.Value, axis: str) -> Diagnostic:
    """Returns the diagnostic for what stands where a number should."""
    if isinstance(value, ast.Phrase) and (found := several_numbers(value)) is not None:
        return found
    advice = "write a number, a list of numbers, or the name of one that a `let` or a block gives"
    label = Label(value.span, f"this is {described(value)}")
    return Diagnostic("wrong-type", f"`{axis}` wants a number", label, help=advice)
