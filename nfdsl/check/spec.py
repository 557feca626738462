"""From the text of a spec to its study, through every stage that can find something wrong."""

from nfdsl.check.study import Study, check
from nfdsl.diagnostics import Diagnostic
from nfdsl.source import Source
from nfdsl.syntax.parse import parse


def study_of(source: Source) -> tuple[Study | None, list[Diagnostic]]:
    """Returns the study a spec describes, or none, and all that is wrong with it, whichever stage finds it."""
    parsed = parse(source)
    if not parsed.every_block:  # names of blocks that could not be read would seem unknown
        return None, list(parsed.diagnostics)
    study, diagnostics = check(parsed.file)
    found = sorted([*parsed.diagnostics, *diagnostics], key=lambda diagnostic: diagnostic.primary.span.start)
    return (None if found else study), found
