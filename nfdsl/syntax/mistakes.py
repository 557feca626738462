"""What is wrong with a setting that the grammar refuses, told from where it stopped."""

from collections.abc import Sequence
from dataclasses import replace

from lark import Token

from nfdsl.diagnostics import Diagnostic, Fix, Label
from nfdsl.source import Source
from nfdsl.syntax.bracket_mistakes import (
    argument_separator,
    comma_in_parentheses,
    mismatched_bracket,
    misplaced_label,
    missing_comma,
    quoted_label,
    stray_bracket,
    unclosed_bracket,
)
from nfdsl.syntax.grammar import Stop
from nfdsl.syntax.scene import Scene, scene
from nfdsl.syntax.tokens import DEEPEST
from nfdsl.syntax.value_mistakes import (
    misplaced_docstring,
    missing_operand,
    range_without_step,
    step_without_range,
    stray_comma,
    unknown_unit,
)


def mistake(source: Source, setting: Sequence[Token], stop: Stop) -> Diagnostic:
    """Returns what is wrong with the tokens of a setting, of which the grammar read those up to `stop`."""
    at = scene(source, setting, stop.index)
    if stop.too_deep:
        return _nesting_too_deep(at)
    # Each answers None where its mistake is not the one, and relies on those before it having done so.
    return (
        stray_bracket(at)
        or _setting_separator(at)
        or _missing_setting_name(at)
        or _missing_value(at)
        or mismatched_bracket(at)
        or missing_operand(at)
        or range_without_step(at)
        or unclosed_bracket(at)
        or comma_in_parentheses(at)
        or stray_comma(at)
        or argument_separator(at)
        or unknown_unit(at)
        or missing_comma(at)
        or misplaced_label(at)
        or quoted_label(at)
        or step_without_range(at)
        or misplaced_docstring(at)
        or _unexpected(at)
    )


def _nesting_too_deep(at: Scene) -> Diagnostic:
    return Diagnostic(
        code="nesting-too-deep",
        headline=f"brackets and operators are nested more than {DEEPEST} deep",
        primary=Label(at.spot, "one level too many"),
        help="say it with fewer levels",
    )


def _setting_separator(at: Scene) -> Diagnostic | None:
    """``depth: [1]`` (where the name reads as a label) and ``depth = [1]``."""
    separator = at.tokens[1] if len(at.tokens) > 1 else None
    if separator is None or at.index > 1 or separator.type not in {"COLON", "EQUALS"}:
        return None
    place = at.place(separator)
    rest = at.place(at.tokens[2]) if len(at.tokens) > 2 else replace(place, start=place.end)
    return Diagnostic(
        code="setting-separator",
        headline=f"no `{separator}` stands between a setting's name and its value",
        primary=Label(place, "not needed"),
        help=f"remove the `{separator}`",
        fix=Fix(replace(place, start=at.place(at.tokens[0]).end, end=rest.start), " "),
    )


def _missing_setting_name(at: Scene) -> Diagnostic | None:
    if at.index > 0:
        return None
    return Diagnostic(
        code="missing-setting-name",
        headline="a setting begins with its name",
        primary=Label(at.spot, "not a name"),
        help="write a name, then its value: `depth [1, 2]`; a value goes on to a new line only inside brackets",
    )


def _missing_value(at: Scene) -> Diagnostic | None:
    if at.here is not None or at.index != 1:
        return None
    return Diagnostic(
        code="missing-value",
        headline=f"the setting `{at.before}` has no value",
        primary=Label(at.gap, "a value belongs here"),
        help=f"write the value on the same line: `{at.before} ...`",
    )


def _unexpected(at: Scene) -> Diagnostic:
    return Diagnostic(
        code="unexpected",
        headline=f"`{at.here}` cannot stand here" if at.here is not None else "the setting ends too early",
        primary=Label(at.spot, f"after `{at.before}`"),
        help="a setting is a name and values: numbers, words, strings, lists, grids, ranges and calls",
    )
