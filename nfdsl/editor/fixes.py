"""What an editor offers to mend: the fixes of diagnostics."""

from collections.abc import Iterator
from dataclasses import dataclass

from nfdsl.diagnostics import Diagnostic, Fix
from nfdsl.editor.document import Document


@dataclass(frozen=True)
class QuickFix:
    """A fix with the line an editor offers it by."""

    title: str
    diagnostic: Diagnostic
    fix: Fix


def quick_fixes(document: Document, start: int, end: int) -> Iterator[QuickFix]:
    """Yields the fixes of what is wrong in this file between two offsets."""
    for diagnostic in document.diagnostics:
        fix, place = diagnostic.fix, diagnostic.primary.span
        if fix is None or place.source is not document.source:
            continue
        if min(place.start, fix.span.start) <= end and start <= max(place.end, fix.span.end):
            yield QuickFix(_title(fix), diagnostic, fix)


def _title(fix: Fix) -> str:
    old, new = (" ".join(text.split()) for text in (fix.span.text, fix.replacement))
    if not old:
        return f"Insert `{new}`" if new else "Correct the blank"
    return f"Replace `{old}` by `{new}`" if new else f"Remove `{old}`"
