"""Diagnostics as SARIF 2.1.0, the format that code review tools read (OASIS, 27 March 2020).

Sections of the standard are named where a choice follows from them.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from nfdsl.catalogue import catalogue
from nfdsl.diagnostics import Diagnostic, Fix, Label
from nfdsl.source import Span

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def sarif(diagnostics: Sequence[Diagnostic]) -> str:
    """Returns the log of one run of ``nfdsl check``, as JSON."""
    codes = sorted({diagnostic.code for diagnostic in diagnostics})
    run = {
        "tool": {"driver": {"name": "nfdsl", "rules": [_rule(code) for code in codes]}},
        "columnKind": "unicodeCodePoints",  # 3.14.27: how `Source` counts, and not the default
        "results": [_result(diagnostic, codes.index(diagnostic.code)) for diagnostic in diagnostics],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1, ensure_ascii=False)


def _rule(code: str) -> dict[str, Any]:
    entry = catalogue()[code]
    examples = f"Wrong:\n\n```nfx\n{entry.wrong}```\n\nRight:\n\n```nfx\n{entry.right}```\n"
    return {
        "id": code,
        "shortDescription": {"text": entry.headline},
        "help": {
            "text": f"{entry.text}\n\nWrong:\n\n{entry.wrong}\nRight:\n\n{entry.right}",
            "markdown": f"{entry.text}\n\n{examples}",
        },
        "defaultConfiguration": {"level": "error"},
    }


def _result(diagnostic: Diagnostic, rule: int) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": rule,
        "level": "error",
        "message": {"text": _message(diagnostic)},
        "locations": [_location(diagnostic.primary)],
    }
    if diagnostic.secondary:
        result["relatedLocations"] = [{"id": n, **_location(label)} for n, label in enumerate(diagnostic.secondary)]
    if diagnostic.fix is not None:
        result["fixes"] = [_fix(diagnostic.fix, diagnostic.help)]
    return result


def _message(diagnostic: Diagnostic) -> str:
    return f"{diagnostic.headline}: {diagnostic.help}" if diagnostic.help else diagnostic.headline


def _location(label: Label) -> dict[str, Any]:
    place = {"artifactLocation": _artifact(label.span), "region": _region(label.span)}
    message = {"message": {"text": label.text}} if label.text else {}
    return {"physicalLocation": place, **message}


def _fix(fix: Fix, text: str) -> dict[str, Any]:
    replacement = {"deletedRegion": _region(fix.span), "insertedContent": {"text": fix.replacement}}
    changes = [{"artifactLocation": _artifact(fix.span), "replacements": [replacement]}]
    return {"description": {"text": text}, "artifactChanges": changes}


def _artifact(span: Span) -> dict[str, str]:
    """Returns a file as a URI; a relative path stays relative, so that logs can be compared (3.4.4)."""
    path = Path(span.source.name)
    return {"uri": path.as_uri() if path.is_absolute() else quote(path.as_posix())}


def _region(span: Span) -> dict[str, int]:
    """Returns a place by lines and columns from 1; the end is the column after (3.30.8)."""
    start, end = span.source.position(span.start), span.source.position(span.end)
    return {"startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column}
