"""What to say of a name nobody knows."""

import re
from collections.abc import Iterable, Sequence

from nfdsl.diagnostics import Diagnostic, Fix, Label
from nfdsl.nearest import is_one_edit, nearest
from nfdsl.source import Span

_DIGITS = re.compile("[0-9]+")  # `net_1` may be like `net_2`, and is not a misspelling of it
_SHOWN = 30  # all settings of a block
_CHOSEN = {"unknown-name", "unknown-parent"}  # names that authors choose: one like another may mean something else


def unknown(code: str, what: str, name: str, span: Span, candidates: Iterable[str]) -> Diagnostic:
    """Returns the diagnostic for `name` that is no `what`, with the nearest candidate as the fix."""
    known = sorted(candidates)
    meant = nearest(name, known)
    if meant is not None:
        advice = f"did you mean `{meant}`?"
        certain = code not in _CHOSEN or name.lower() == meant.lower() or is_one_edit(name, meant)
        fix = Fix(span, meant) if certain and _DIGITS.sub("", name) != _DIGITS.sub("", meant) else None
    else:
        advice, fix = f"known: {_listed(known)}", None
    return Diagnostic(code, f"`{name}` is no {what}", Label(span, "not known"), help=advice, fix=fix)


def _listed(known: Sequence[str]) -> str:
    shown = ", ".join(f"`{word}`" for word in known[:_SHOWN])
    return f"{shown} and {len(known) - _SHOWN} more" if len(known) > _SHOWN else shown or "none"
