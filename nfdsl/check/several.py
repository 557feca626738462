"""Several values where one number is wanted, and what their author probably meant."""

from nfdsl.check.names import unknown
from nfdsl.diagnostics import Diagnostic, Fix, Label
from nfdsl.schema.units import UNITS
from nfdsl.syntax import ast
from nfdsl.syntax.value_mistakes import BETWEEN

_SHOWN = 4  # items of a phrase that are written out in advice


def several_numbers(phrase: ast.Phrase) -> Diagnostic | None:
    """Returns what is wrong with numbers side by side: ``4096 imgs``, ``0.1 to 0.8``, ``{1, 2} epochs``."""
    first, second = phrase.items[:2]
    if isinstance(first, ast.Grid | ast.List) and isinstance(second, ast.Name) and second.text in UNITS:
        return _unit_behind(first, second)
    if not isinstance(first, ast.Number):
        return None
    if not isinstance(second, ast.Name):
        return _one_too_many(phrase)
    if second.text in BETWEEN and len(phrase.items) > 2:
        return _range_in_words(phrase)
    return unknown("unknown-unit", "unit", second.text, second.span, UNITS)


def _unit_behind(several: ast.Grid | ast.List, unit: ast.Name) -> Diagnostic:
    values = several.items if isinstance(several, ast.List) else [entry.value for entry in several.entries]
    text, at = "", several.span.start
    for value in values:
        text += several.span.source.text[at : value.span.end] + ("" if unit.text in {"px", "%"} else " ") + unit.text
        at = value.span.end
    text += several.span.source.text[at : several.span.end]
    are_bare = all(isinstance(value, ast.Number) and value.unit is None for value in values)
    return Diagnostic(
        "wrong-unit",
        "a unit stands behind each number, not behind all of them",
        Label(unit.span, "this is the unit of nothing"),
        help=f"write `{text}`" if are_bare else f"write each number with `{unit.text}`",
        fix=Fix(several.span.to(unit.span), text) if are_bare else None,
    )


def _range_in_words(phrase: ast.Phrase) -> Diagnostic:
    first, between, last = phrase.items[:3]
    return Diagnostic(
        "range-without-step",
        "a range is written with `..`, and says by which steps it goes",
        Label(between.span, "no range"),
        help=f"write `{first.span.text} .. {last.span.text} by x2` for each point times 2",
    )


def _one_too_many(phrase: ast.Phrase) -> Diagnostic:
    items = ", ".join(item.span.text for item in phrase.items[:_SHOWN])
    more = ", ..." if len(phrase.items) > _SHOWN else ""
    return Diagnostic(
        "wrong-type",
        "one value is wanted here, not several",
        Label(phrase.items[1].span, "this is one too many"),
        help=f"a grid, which is each in turn, is written `{{{items}{more}}}`, a list `[{items}{more}]`",
    )
