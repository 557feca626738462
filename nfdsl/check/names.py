"""What to say of a name nobody knows."""

from collections.abc import Iterable
from difflib import get_close_matches

from nfdsl.diagnostics import Diagnostic, Fix, Label
from nfdsl.source import Span


def unknown(code: str, what: str, name: str, span: Span, candidates: Iterable[str]) -> Diagnostic:
    """Returns the diagnostic for `name` that is no `what`, with the nearest candidate as the fix."""
    known = sorted(candidates)
    nearest = get_close_matches(name, known, n=1)
    if nearest:
        advice, fix = f"did you mean `{nearest[0]}`?", Fix(span, nearest[0])
    else:
        advice, fix = "known: " + (", ".join(f"`{word}`" for word in known) or "none"), None
    return Diagnostic(code, f"unknown {what} `{name}`", Label(span, f"no {what} has this name"), help=advice, fix=fix)
