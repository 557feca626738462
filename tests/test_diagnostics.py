"""Diagnostics for other programs."""

import json

from nfdsl.diagnostics import Diagnostic, Fix, Label, to_json
from nfdsl.source import Source, Span

SOURCE = Source("a.nfx", "model a {\n  depht [1]\n}\n")


def test_json_names_places_by_line_and_column():
    span = Span(SOURCE, 12, 17)
    diagnostic = Diagnostic(
        code="unknown-setting",
        headline="`depht` is no setting",
        primary=Label(span, "not known"),
        secondary=(Label(Span(SOURCE, 0, 5), "of this"),),
        help="write `depth`",
        fix=Fix(span, "depth"),
    )
    assert json.loads(json.dumps(to_json(diagnostic))) == {
        "code": "unknown-setting",
        "headline": "`depht` is no setting",
        "file": "a.nfx",
        "line": 2,
        "column": 3,
        "end_line": 2,
        "end_column": 8,
        "label": "not known",
        "secondary": [
            {"file": "a.nfx", "line": 1, "column": 1, "end_line": 1, "end_column": 6, "label": "of this"},
        ],
        "help": "write `depth`",
        "fix": {"line": 2, "column": 3, "end_line": 2, "end_column": 8, "replacement": "depth"},
    }


def test_json_of_a_place_over_several_lines_without_a_fix():
    shown = to_json(Diagnostic("outside-block", "outside", Label(Span(SOURCE, 6, len(SOURCE.text)), "")))
    assert (shown["line"], shown["column"], shown["end_line"], shown["end_column"]) == (1, 7, 4, 1)
    assert shown["fix"] is None
