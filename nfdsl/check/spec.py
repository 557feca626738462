"""From the text of a spec to its study, through every stage that can find something wrong."""

from collections.abc import Container, Sequence

from nfdsl.check.study import Study, check_sound
from nfdsl.diagnostics import Diagnostic
from nfdsl.schema.blocks import KINDS
from nfdsl.source import Source
from nfdsl.syntax.assignment import assignment
from nfdsl.syntax.load import Loaded, load

# What an unread block or file makes of names that it defines.
_MISLEADING = {"unknown-name", "unknown-parent", "nothing-to-run", "wrong-type"}


def study_of(source: Source, assignments: Sequence[str] = ()) -> tuple[Study | None, list[Diagnostic]]:
    """Returns the study a spec describes, or none, and all that is wrong with it, whichever stage finds it.

    Args:
      source: the spec; what it imports is read from the folder of the file it is named after.
      assignments: ``PATH=VALUE``, in place of what the spec says.
    """
    study, found = sound_of(assignments, load(source))
    return (None if found else study), found


def _follows(found: Diagnostic, of_no_kind: Container[str]) -> bool:
    """Whether all that is wrong is that a block which is named here is of an unknown kind, which is said there."""
    return found.code in {"unknown-name", "unknown-parent"} and found.primary.span.text in of_no_kind


def sound_of(assignments: Sequence[str], loaded: Loaded) -> tuple[Study, list[Diagnostic]]:
    """Returns what is sound of the study that a loaded spec describes, and all that is wrong with it; see `study_of`.

    A block that is not sound has no points, or is left out where it could not be read.
    """
    read = [assignment(text) for text in assignments]
    study, diagnostics = check_sound(loaded.file, [made for made, _ in read if made is not None])
    if not loaded.every_block:
        diagnostics = [found for found in diagnostics if found.code not in _MISLEADING]
    of_no_kind = {block.name.text for block in loaded.file.blocks if block.kind.text not in KINDS}
    diagnostics = [found for found in diagnostics if not _follows(found, of_no_kind)]
    found = [*loaded.diagnostics, *(problem for _, problems in read for problem in problems), *diagnostics]
    order = {each: index for index, each in enumerate(loaded.sources)}
    found.sort(key=lambda each: (order.get(each.primary.span.source, len(order)), each.primary.span.start))
    return study, found
