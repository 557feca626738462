"""Diagnostics as values: what is wrong, where, why, and how to mend it."""

from dataclasses import dataclass
from typing import TypedDict

from nfdsl.source import Span


@dataclass(frozen=True)
class Label:
    """A place and what is to be said of it."""

    span: Span
    text: str


@dataclass(frozen=True)
class Fix:
    """A change that mends the cause: put `replacement` in place of `span`."""

    span: Span
    replacement: str


@dataclass(frozen=True)
class Diagnostic:
    """One thing wrong with a spec.

    `code` is stable (``unknown-setting``); `headline` says what is wrong in one line without a
    full stop; `primary` is the place to mend; `secondary` places explain it; `help` says what to do.
    """

    code: str
    headline: str
    primary: Label
    secondary: tuple[Label, ...] = ()
    help: str = ""
    fix: Fix | None = None


class FixJson(TypedDict):
    line: int
    column: int
    end_line: int
    end_column: int
    replacement: str


class LabelJson(TypedDict):
    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    label: str


class DiagnosticJson(TypedDict):
    """A diagnostic for other programs. Lines and columns count from 1; the end is the column after."""

    code: str
    headline: str
    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    label: str
    secondary: list[LabelJson]
    help: str
    fix: FixJson | None


def to_json(diagnostic: Diagnostic) -> DiagnosticJson:
    """Returns a diagnostic as JSON-ready values under stable keys."""
    fix = diagnostic.fix
    return {
        "code": diagnostic.code,
        "headline": diagnostic.headline,
        **_label_to_json(diagnostic.primary),
        "secondary": [_label_to_json(label) for label in diagnostic.secondary],
        "help": diagnostic.help,
        "fix": None if fix is None else _fix_to_json(fix),
    }


def _label_to_json(label: Label) -> LabelJson:
    source = label.span.source
    start, end = source.position(label.span.start), source.position(label.span.end)
    return {
        "file": source.name,
        "line": start.line,
        "column": start.column,
        "end_line": end.line,
        "end_column": end.column,
        "label": label.text,
    }


def _fix_to_json(fix: Fix) -> FixJson:
    start, end = fix.span.source.position(fix.span.start), fix.span.source.position(fix.span.end)
    return {
        "line": start.line,
        "column": start.column,
        "end_line": end.line,
        "end_column": end.column,
        "replacement": fix.replacement,
    }
