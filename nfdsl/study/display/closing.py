"""What is printed when a study has ended: counts, what is missing and why, and compilations."""

from collections.abc import Iterable, Iterator, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from nfdsl.plan import Plan, PlannedRun
from nfdsl.study.landscape import describe
from nfdsl.study.numerals import clock, count
from nfdsl.study.outcome import Compilations, Kind, Missing, Outcome

_NAMED = 3  # runs named for each reason

_WORDS: dict[Kind, str] = {"train": "training", "evaluate": "evaluation", "initialize": "initialization"}


def summary(outcome: Outcome, plan: Plan) -> RenderableType:
    """Returns the closing table of a study."""
    runs = {run.id: run for run in plan.runs}
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, style, text in _lines(outcome, runs):
        table.add_row(Text(name, style), Text(text))
    return table


def _lines(outcome: Outcome, runs: dict[str, PlannedRun]) -> Iterator[tuple[str, str, str]]:
    """Yields the lines as name, style and text."""
    yield "done", "green", f"{count(outcome.done, 'run')}, {clock(outcome.seconds)} in this call"
    if outcome.diverged:
        yield "diverged", "yellow", f"{count(outcome.diverged, 'run')}, which counts as a result"
    if outcome.unneeded:
        yield "not needed", "dim", f"{count(outcome.unneeded, 'run')}, learning rates that tuning settled without"
    yield from _missing("failed", "bold red", outcome.failed, runs)
    yield from _missing("not run", "red", outcome.not_run, runs)
    if outcome.waiting:
        yield "stopped", "yellow", f"at most {count(outcome.waiting, 'run')} to go"
    for compilations in outcome.compilations:
        yield "compiled", "", _compilations(compilations, outcome.trained)


def _missing(
    name: str, style: str, missing: Sequence[Missing], runs: dict[str, PlannedRun]
) -> Iterator[tuple[str, str, str]]:
    """Yields how many there are, then each reason below the first runs it holds for."""
    if missing:
        yield name, style, count(len(missing), "run")
    for reason, members in _by_reason(missing).items():
        yield from (("", "", describe(runs[run])) for run in members[:_NAMED])
        if len(members) > _NAMED:
            yield "", "", f"and {count(len(members) - _NAMED, 'other')}"
        yield "", "", f"  {' '.join(reason.split())}"


def _by_reason(missing: Iterable[Missing]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for item in missing:
        found.setdefault(item.reason, []).append(item.run)
    return found


def _compilations(compilations: Compilations, trained: int) -> str:
    programs = count(compilations.programs, f"{_WORDS[compilations.kind]} program")
    source = ", the others read from the cache" if compilations.times < compilations.programs else ""
    return f"{programs} for {count(trained, 'run')}: {count(compilations.times, 'compilation')}{source}"
