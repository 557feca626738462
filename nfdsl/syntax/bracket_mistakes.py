"""Mistakes with brackets, and with the commas and names inside them.

Each function knows one mistake and returns None where it is not that one.
"""

import re
from dataclasses import replace

from nfdsl.diagnostics import Diagnostic, Fix, Label
from nfdsl.syntax.scene import Scene
from nfdsl.syntax.tokens import CLOSER, OPENER

_QUOTED_WORD = re.compile(r'"([A-Za-z0-9_][A-Za-z0-9_.]*\+?)"')


def stray_bracket(at: Scene) -> Diagnostic | None:
    if at.here is None or at.here not in OPENER or at.level.opener is not None:
        return None
    return Diagnostic(
        code="stray-bracket",
        headline=f"this `{at.here}` closes nothing",
        primary=Label(at.spot, f"no `{OPENER[at.here]}` is open here"),
        help=f"remove the `{at.here}`",
        fix=Fix(at.spot, "") if at.index > 1 else None,
    )


def mismatched_bracket(at: Scene) -> Diagnostic | None:
    """``[1, 2)``; but in ``f([1, 2)`` the `[` is unclosed."""
    opener = at.level.opener
    if opener is None or at.here is None or at.here not in OPENER or _closes(at, len(at.levels)):
        return None
    return Diagnostic(
        code="mismatched-bracket",
        headline=f"`{opener}` is closed by `{CLOSER[opener]}`, not by `{at.here}`",
        primary=Label(at.spot, f"expected `{CLOSER[opener]}`"),
        secondary=(Label(at.place(opener), "opened here"),),
        help=f"write `{CLOSER[opener]}`",
        fix=Fix(at.spot, CLOSER[opener]),
    )


def unclosed_bracket(at: Scene) -> Diagnostic | None:
    opener = at.level.opener
    if opener is None or not (at.here is None or _closes(at, len(at.levels) - 1)):
        return None
    return Diagnostic(
        code="unclosed-bracket",
        headline=f"`{opener}` is not closed",
        primary=Label(at.gap, f"`{CLOSER[opener]}` is missing here"),
        secondary=(Label(at.place(opener), "opened here"),),
        help=f"close it with `{CLOSER[opener]}`",
        fix=Fix(at.gap, CLOSER[opener]),
    )


def _closes(at: Scene, levels: int) -> bool:
    """Whether the closing bracket here belongs to one of the outermost so many levels."""
    openers = [level.opener for level in at.levels[:levels]]
    return at.here is not None and at.here in OPENER and OPENER[at.here] in openers


def comma_in_parentheses(at: Scene) -> Diagnostic | None:
    if at.here != "," or at.level.kind != "group" or at.level.opener is None:
        return None
    return Diagnostic(
        code="comma-in-parentheses",
        headline="parentheses hold one value",
        primary=Label(at.spot, "it ends here"),
        secondary=(Label(at.place(at.level.opener), "opened here"),),
        help="write a list as `[1, 2]`, a grid as `{1, 2}`, a call with its name before it: `f(1, 2)`",
    )


def missing_comma(at: Scene) -> Diagnostic | None:
    """``[32 64]``; but ``{cosine warmup 5 steps, constant}`` may be a word with its settings, and is not mended."""
    if at.level.opener is None or not (at.ends_value and at.starts_value):
        return None
    phrase = at.level.kind == "grid" and at.before is not None and at.before.type == "NAME"
    advice = "; in a grid, write a word with settings as a call: `cosine(warmup: 5 steps)`" if phrase else ""
    return Diagnostic(
        code="missing-comma",
        headline="a comma is missing between two values",
        primary=Label(at.spot, "a second value begins here"),
        secondary=(Label(at.place(at.level.opener), "in the brackets opened here"),),
        help=f"separate the values by a comma{advice}",
        fix=None if phrase else Fix(at.gap, ","),
    )


def argument_separator(at: Scene) -> Diagnostic | None:
    """``sgd(momentum = 0.9)``, ``sgd(momentum 0.9)``, ``{F0 = 1}``."""
    equals = at.here is not None and at.here.type == "EQUALS"
    if at.level.kind != "call" and not (at.level.kind == "grid" and equals):
        return None
    if at.before is None or at.before.type != "NAME" or at.tokens[at.index - 2] not in {"(", "{", ","}:
        return None
    if not (equals or at.starts_value):
        return None
    separator = replace(at.gap, end=at.spot.end if equals else at.gap.end)
    glued = not at.source.text.startswith((" ", "\t"), separator.end)
    return Diagnostic(
        code="argument-separator",
        headline=f"a `:` stands between `{at.before}` and its value",
        primary=Label(at.spot, "expected `:`"),
        help=f"write `{at.before}: ...`",
        fix=Fix(separator, ": " if glued else ":"),
    )


def misplaced_label(at: Scene) -> Diagnostic | None:
    """``resolution train: 224px``, ``resolution train = 224px``, ``[a: 1]``."""
    if at.here is None or at.here.type not in {"LABEL", "EQUALS"}:
        return None
    separator = at.place(at.here if at.here.type == "EQUALS" else at.tokens[at.index + 1])
    return Diagnostic(
        code="misplaced-label",
        headline=f"no `{separator.text}` stands here",
        primary=Label(separator, "not needed"),
        help="only arguments of a call and points of a grid have names, written `name: value`",
        fix=Fix(separator, " ") if at.level.kind == "setting" else None,
    )


def quoted_label(at: Scene) -> Diagnostic | None:
    """``{"F0": 1}``."""
    if at.here != ":" or at.level.kind not in {"call", "grid"} or at.before is None:
        return None
    word = _QUOTED_WORD.fullmatch(at.before)
    if word is None:
        return None
    return Diagnostic(
        code="quoted-label",
        headline="the name of a value has no quotes",
        primary=Label(at.place(at.before), "quoted"),
        help=f"write `{word[1]}:`",
        fix=Fix(at.place(at.before), word[1]),
    )
