"""All that is wrong with a spec, whichever stage finds it."""

from collections.abc import Sequence
from dataclasses import dataclass

from nfdsl.check.spec import sound_of
from nfdsl.check.study import Study
from nfdsl.diagnostics import Diagnostic
from nfdsl.plan import Plan, plan
from nfdsl.source import Source
from nfdsl.syntax.load import Loaded, load

# What other mistakes make of runs: a line that cannot be read may be the one that sets them apart.
_MISLEADING = {"identical-runs"}


@dataclass(frozen=True)
class Planned:
    """A spec that is in order: its study, and the plan of it."""

    study: Study
    plan: Plan


def planned(source: Source, name: str, assignments: Sequence[str] = ()) -> tuple[Planned | None, list[Diagnostic]]:
    """Returns the study of a spec and its plan under a name, or none and everything that keeps it from being run."""
    return planned_of(load(source), name, assignments)


def planned_of(loaded: Loaded, name: str, assignments: Sequence[str]) -> tuple[Planned | None, list[Diagnostic]]:
    """Returns what `planned` does of a spec that is loaded with its imports.

    Blocks that are in order are planned also where others are not, so that all is said in one pass. Raises nothing.
    """
    study, found = sound_of(assignments, loaded)
    made, problems = plan(study, name)
    if made is not None and not found:
        return Planned(study, made), []
    if found:
        problems = [problem for problem in problems if problem.code not in _MISLEADING]
    return None, sorted([*found, *problems], key=lambda each: _place(each, loaded)) if problems else found


def diagnose(source: Source, assignments: Sequence[str] = ()) -> list[Diagnostic]:
    """Returns everything that keeps a spec from being run, in the order of the text. Raises nothing."""
    return planned(source, source.name, assignments)[1]


def _place(found: Diagnostic, loaded: Loaded) -> tuple[bool, str, int]:
    """Returns what diagnostics are sorted by: those of the spec itself first."""
    span = found.primary.span
    return span.source is not loaded.sources[0], span.source.name, span.start
