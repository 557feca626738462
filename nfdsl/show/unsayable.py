"""Defaults that hold as long as nobody says them: written out, they would break a rule between settings."""

from collections.abc import Iterable

from nfdsl.check.spec import study_of
from nfdsl.diagnostics import Diagnostic
from nfdsl.source import Source

MARK = "  # default"  # behind each default that is written out


def sayable(spec: Source) -> Source:
    """Returns a spec with those of its written-out defaults in comments that are wrong where they stand."""
    _, diagnostics = study_of(spec)
    return Source(spec.name, commented(spec, diagnostics))


def commented(spec: Source, diagnostics: Iterable[Diagnostic]) -> str:
    """Returns the text of a spec with each default in a comment that a diagnostic is about."""
    lines = spec.text.split("\n")
    for diagnostic in diagnostics:
        index = spec.position(diagnostic.primary.span.start).line - 1
        setting, mark, source = lines[index].partition(MARK)
        if diagnostic.primary.span.source is spec and mark and not setting.lstrip().startswith("#"):
            name, _, value = setting.strip().partition(" ")
            lines[index] = f"# {name}: default ({value.strip()}){source}"
    return "\n".join(lines)
