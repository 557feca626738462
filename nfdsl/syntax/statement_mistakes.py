"""Mistakes with the lines around blocks: `let` and `import`."""

import re
from collections.abc import Sequence
from dataclasses import replace

from lark import Token

from nfdsl.diagnostics import Diagnostic, Fix, Label
from nfdsl.source import Source, Span
from nfdsl.syntax.tokens import place

_PATH = re.compile(r"[A-Za-z0-9_./+-]+")


def unnamed_let(line: Span) -> Diagnostic:
    """``let`` alone."""
    return Diagnostic(
        code="unnamed-let",
        headline="this `let` names no value",
        primary=Label(replace(line, start=line.end), "a name and a value belong here"),
        help="write `let NAME VALUE`, for example `let peaks 0.1 .. 3.2 by x2`",
    )


def misplaced_statement(word: Span) -> Diagnostic:
    """``let`` or ``import`` in a block."""
    return Diagnostic(
        code="misplaced-statement",
        headline=f"no `{word.text}` stands in a block",
        primary=Label(word, "inside a block"),
        help="move the line out of the block, to the top of the file for example",
    )


def malformed_import(source: Source, line: Sequence[Token]) -> Diagnostic:
    """``import``, ``import base.nfx``, ``import "a.nfx", "b.nfx"``."""
    word = place(source, line[0])
    rest = place(source, line[1]).to(place(source, line[-1])) if len(line) > 1 else replace(word, start=word.end)
    bare = _PATH.fullmatch(rest.text) is not None and line[1].type != "STRING"
    return Diagnostic(
        code="malformed-import",
        headline="an `import` names one file, in quotes",
        primary=Label(rest, "no quotes" if bare else "the name of one file belongs here"),
        help=f'write `import "{rest.text}"`' if bare else 'write `import "base.nfx"`, one line for each file',
        fix=Fix(rest, f'"{rest.text}"') if bare else None,
    )
