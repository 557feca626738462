"""What ``nfdsl check`` finds in files, with or without mending them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nfdsl.diagnose import diagnose
from nfdsl.diagnostics import Diagnostic, Label
from nfdsl.mend import mend
from nfdsl.rewrite import rewrite
from nfdsl.source import Source, Span, Unreadable, read


@dataclass(frozen=True)
class Verdict:
    """One file: what is wrong with it, and what was wrong until it was fixed."""

    name: str
    wrong: Sequence[Diagnostic]
    fixed: Sequence[Diagnostic] = ()


def verdict(name: str, assignments: Sequence[str] = (), *, fix: bool) -> Verdict:
    """Returns what is wrong with a file; if asked, once all that can be fixed has been written to it.

    A file that cannot be read has a diagnostic that says why.

    Raises:
      OSError: the file could be mended but not be written.
    """
    try:
        source = read(name)
    except Unreadable as error:
        return Verdict(name, [unreadable(error, name)])
    if not fix:
        return Verdict(name, diagnose(source, assignments))
    mended = mend(source, assignments)
    if mended.fixed:
        rewrite(Path(name), mended.source.text)
    return Verdict(name, mended.left, mended.fixed)


def summary(verdicts: Sequence[Verdict]) -> str:
    """Returns how much is wrong with all files, in one line; nothing where a reader sees it at a glance."""
    wrong = [diagnostic for each in verdicts for diagnostic in each.wrong]
    fixed = sum(len(each.fixed) for each in verdicts)
    if len(wrong) + fixed < 2:
        return ""
    fixable = sum(diagnostic.fix is not None for diagnostic in wrong)
    parts = [
        f"{fixed} fixed" if fixed else "",
        f"{len(wrong)} {'error' if len(wrong) == 1 else 'errors'}" if wrong else "no errors",
    ]
    files = sum(bool(each.wrong) for each in verdicts)
    where = f" in {files} files" if files > 1 else ""
    advice = f"; `nfdsl check --fix` can mend {fixable}" if fixable and not fixed else ""
    return ", ".join(part for part in parts if part) + where + advice


def unreadable(error: Unreadable, name: str) -> Diagnostic:
    """Returns the diagnostic for a file that cannot be read."""
    place = Label(Span(Source(name, ""), 0, 0), "")
    return Diagnostic("unreadable-file", str(error), place, help="name a text file in UTF-8 that you may read")
