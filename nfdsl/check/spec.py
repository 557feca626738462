"""From the text of a spec to its study, through every stage that can find something wrong."""

from collections.abc import Sequence

from nfdsl.check.study import Study, check
from nfdsl.diagnostics import Diagnostic
from nfdsl.source import Source
from nfdsl.syntax.assignment import assignment
from nfdsl.syntax.load import load

# What an unread block or file makes of names that it defines.
_MISLEADING = {"unknown-name", "unknown-parent", "nothing-to-run", "wrong-type"}


def study_of(source: Source, assignments: Sequence[str] = ()) -> tuple[Study | None, list[Diagnostic]]:
    """Returns the study a spec describes, or none, and all that is wrong with it, whichever stage finds it.

    Args:
      source: the spec; what it imports is read from the folder of the file it is named after.
      assignments: ``PATH=VALUE``, in place of what the spec says.
    """
    loaded = load(source)
    read = [assignment(text) for text in assignments]
    study, diagnostics = check(loaded.file, [made for made, _ in read if made is not None])
    if not loaded.every_block:
        diagnostics = [found for found in diagnostics if found.code not in _MISLEADING]
    found = [*loaded.diagnostics, *(problem for _, problems in read for problem in problems), *diagnostics]
    order = {each: index for index, each in enumerate(loaded.sources)}
    found.sort(key=lambda each: (order.get(each.primary.span.source, len(order)), each.primary.span.start))
    complete = study is not None and loaded.every_block and not found
    return (study if complete else None), found
