"""``nfdsl check --fix``: every fix that can be made without making anything worse."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from nfdsl.diagnose import diagnose
from nfdsl.diagnostics import Diagnostic, Fix
from nfdsl.source import Source

_ROUNDS = 100  # a fix may bring another to light, but not for ever


@dataclass(frozen=True)
class Mended:
    """A spec after its fixes, what was fixed, and what is still wrong with it."""

    source: Source
    fixed: tuple[Diagnostic, ...]  # in the order they were fixed; places are those before each round
    left: list[Diagnostic]


def mend(source: Source, assignments: Sequence[str] = ()) -> Mended:
    """Returns the spec with every fix made that does not leave more diagnostics than there were.

    Fixes that do not overlap are made together; where that makes the spec worse, one at a time. The
    result is checked again, until nothing more can be fixed.
    """
    mended = Mended(source, (), diagnose(source, assignments))
    seen = {source.text}
    for _ in range(_ROUNDS):
        better = next(
            (attempt for attempt in _attempts(mended, seen, assignments) if len(attempt.left) <= len(mended.left)), None
        )
        if better is None:
            break
        mended = better
        seen.add(mended.source.text)
    return mended


def described(fixed: Diagnostic) -> str:
    """Returns what was done about a diagnostic that had a fix, in one line with its place."""
    fix = fixed.fix
    assert fix is not None
    old, new = (text.strip() for text in (fix.span.text, fix.replacement))
    change = f"`{old}` became `{new}`" if old and new else f"added `{new}`" if new else f"removed `{old}`"
    return f"{fix.span}: {change} ({fixed.code})"


def _attempts(mended: Mended, seen: set[str], assignments: Sequence[str]) -> Iterator[Mended]:
    """Yields the spec after all of its fixes, then after each of them alone; never a text seen before."""
    fixable = list(_apart(mended.left, mended.source))
    for chosen in [fixable, *([found] for found in fixable)] if len(fixable) > 1 else [fixable]:
        text = applied(mended.source.text, [found.fix for found in chosen if found.fix])
        if text not in seen:
            source = replace(mended.source, text=text)
            yield Mended(source, (*mended.fixed, *chosen), diagnose(source, assignments))


def _apart(diagnostics: Iterable[Diagnostic], source: Source) -> Iterator[Diagnostic]:
    """Yields the diagnostics with fixes in this source of which no two touch the same place."""
    end = -1
    own = (found for found in diagnostics if found.fix is not None and found.fix.span.source is source)
    fixable = [(found.fix.span.start, found.fix.span.end, found) for found in own if found.fix]
    for start, stop, found in sorted(fixable, key=lambda entry: entry[:2]):
        if start > end:
            yield found
            end = stop


def applied(text: str, fixes: Sequence[Fix]) -> str:
    """Returns a text after fixes that lie apart and are in the order of the text."""
    for fix in reversed(fixes):
        text = text[: fix.span.start] + fix.replacement + text[fix.span.end :]
    return text
