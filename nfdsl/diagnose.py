"""All that is wrong with a spec, whichever stage finds it."""

from collections.abc import Sequence

from nfdsl.check.spec import study_of
from nfdsl.diagnostics import Diagnostic
from nfdsl.plan import plan
from nfdsl.source import Source


def diagnose(source: Source, assignments: Sequence[str] = ()) -> list[Diagnostic]:
    """Returns everything that keeps a spec from being run, in the order of the text. Raises nothing."""
    study, diagnostics = study_of(source, assignments)
    if study is not None:
        _, diagnostics = plan(study, source.name)
        diagnostics.sort(key=lambda diagnostic: diagnostic.primary.span.start)
    return diagnostics
