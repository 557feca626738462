"""Mistakes with values: arithmetic, ranges, units, the commas of a phrase.

Each function knows one mistake and returns None where it is not that one.
"""

from lark import Token

from nfdsl.diagnostics import Diagnostic, Fix, Label
from nfdsl.schema.units import UNITS
from nfdsl.syntax.malformed import PATH
from nfdsl.syntax.scene import Scene
from nfdsl.syntax.tokens import OPERATORS

BETWEEN = ("to", "until", "through")  # the ends of a range, in other languages and in prose


def missing_operand(at: Scene) -> Diagnostic | None:
    """``1 +``, ``[* 2]``, ``.. 8``, ``f(rate: )``, ``()``."""
    where = _missing_where(at)
    if where is None:
        return None
    if at.here is None:
        advice = "a setting ends with its line, except in brackets"
    else:
        advice = PATH if _begins_path(at) else f"write a value {where}"
    return Diagnostic(
        code="missing-operand",
        headline=f"a value is missing {where}",
        primary=Label(at.gap, "a value belongs here"),
        help=advice,
    )


def _begins_path(at: Scene) -> bool:
    """Whether what has no value before it is ``/data`` or ``../``."""
    here, after = [*at.tokens[at.index : at.index + 2], None][:2]
    return (here == "/" and after is not None and after.type == "NAME") or (here == ".." and after == "/")


def _missing_where(at: Scene) -> str | None:
    before, here = at.before, at.here
    if before is not None and not at.starts_value and (before in OPERATORS or before.type in {"DOTS", "COLON"}):
        return f"after `{before}`"
    if here is not None and not at.ends_value and (here in OPERATORS or here.type == "DOTS"):
        return f"before `{here}`"
    return "between the parentheses" if here == ")" and before == "(" and at.level.kind == "group" else None


def range_without_step(at: Scene) -> Diagnostic | None:
    if at.level.dots is None or not at.ends_value:
        return None
    return Diagnostic(
        code="range-without-step",
        headline="the range does not say by which steps it goes",
        primary=Label(at.spot, "expected `by x` or `by +` and a number"),
        secondary=(Label(at.place(at.level.dots), "the range"),),
        help="write `0.25 .. 8 by x2` for each point times 2, `1 .. 9 by +2` for each point plus 2",
    )


def step_without_range(at: Scene) -> Diagnostic | None:
    """``0.2 by x2``, ``0.1 to 0.8 by x2``."""
    if at.here is None or at.here.type not in {"BY_TIMES", "BY_PLUS"}:
        return None
    between = _instead_of_dots(at)
    return Diagnostic(
        code="step-without-range",
        headline="this step belongs to no range",
        primary=Label(at.spot, "no `..` before it"),
        secondary=(Label(at.place(between), "a range has `..` here"),) if between is not None else (),
        help="write a range as `0.25 .. 8 by x2`",
        fix=Fix(at.place(between), "..") if between is not None else None,
    )


def _instead_of_dots(at: Scene) -> Token | None:
    """Returns what stands between two numbers, where other languages write a range so."""
    if at.index < 4 or any(at.tokens[at.index - back].type != "NUMBER" for back in (1, 3)):
        return None
    between = at.tokens[at.index - 2]
    return between if between in {*BETWEEN, "-"} else None


def stray_comma(at: Scene) -> Diagnostic | None:
    """``[1,, 2]``, ``[, 1]``, ``depth , 1``, and a comma after the last value of a phrase."""
    last = at.before if at.here is None else None
    comma = last if last == "," else at.here
    if comma is None or comma != ",":
        return None
    return Diagnostic(
        code="stray-comma",
        headline="this comma separates nothing",
        primary=Label(at.place(comma), "a value is missing before or after it"),
        help="remove the comma",
        fix=Fix(at.place(comma), ""),
    )


def unknown_unit(at: Scene) -> Diagnostic | None:
    """``[4096 imgs]``. Outside of brackets these are two values, and a matter of meaning."""
    if at.level.opener is None or at.here is None or at.before is None:
        return None
    if at.before.type != "NUMBER" or at.here.type != "NAME":
        return None
    return Diagnostic(
        code="unknown-unit",
        headline=f"`{at.here}` is not a unit",
        primary=Label(at.spot, "not known"),
        help=f"the units are {', '.join(UNITS)}",
    )


def misplaced_docstring(at: Scene) -> Diagnostic | None:
    if at.here is None or at.here.type != "DOCSTRING":
        return None
    text = str(at.here)[3:-3]
    plain = not any(character in text for character in '"\\\n')
    return Diagnostic(
        code="misplaced-docstring",
        headline='text between `"""` stands only at the top of a spec',
        primary=Label(at.spot, "not a value"),
        help='write a string between `"` and `"`, on one line',
        fix=Fix(at.spot, f'"{text}"') if plain else None,
    )
