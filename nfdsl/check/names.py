"""What to say of a name nobody knows."""

from collections.abc import Iterable
from difflib import get_close_matches

from nfdsl.diagnostics import Diagnostic, Fix, Label
from nfdsl.source import Span

_COMPARED = 200  # names: comparing is slow, and a study with more has another way of telling them apart
_SHOWN = 20


def unknown(code: str, what: str, name: str, span: Span, candidates: Iterable[str]) -> Diagnostic:
    """Returns the diagnostic for `name` that is no `what`, with the nearest candidate as the fix."""
    known = sorted(candidates)
    close = nearest(name, known)
    if close:
        advice, fix = f"did you mean `{close}`?", Fix(span, close)
    else:
        advice, fix = f"known: {_listed(known)}", None
    return Diagnostic(code, f"unknown {what} `{name}`", Label(span, f"no {what} has this name"), help=advice, fix=fix)


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """Returns the candidate that `name` is most likely meant to be, if any is near."""
    similar = [word for word in candidates if abs(len(word) - len(name)) <= 1 + len(name) // 2]
    if len(similar) > _COMPARED:
        similar = [word for word in similar if word[:2] == name[:2]][:_COMPARED]
    return next(iter(get_close_matches(name, similar, n=1)), None)


def _listed(known: list[str]) -> str:
    shown = ", ".join(f"`{word}`" for word in known[:_SHOWN])
    return f"{shown} and {len(known) - _SHOWN} more" if len(known) > _SHOWN else shown or "none"
