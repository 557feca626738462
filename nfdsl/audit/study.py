"""The verdict on a study: that of the run that fares worst."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from nfdsl.audit.run import Part, RunAudit, Verdict, audit_run

_WORST_FIRST: tuple[Verdict, ...] = ("unreadable", "refuted", "unfinished", "diverged", "proved")
_COLOURS: dict[Verdict, str] = {
    "proved": "green",
    "diverged": "green",
    "unfinished": "yellow",
    "refuted": "red",
    "unreadable": "red",
}
_SHOWN = 5  # parts of a run


class NoStudy(Exception):
    """The folder is no study directory, or nothing in it was begun."""


@dataclass(frozen=True)
class StudyAudit:
    """What the ledgers of a study prove."""

    verdict: Verdict
    runs: tuple[RunAudit, ...]

    @property
    def proved(self) -> bool:
        """Whether no run is left to prove; those that diverged have no weights to speak of."""
        return self.verdict in ("proved", "diverged")


def audit(directory: Path) -> StudyAudit:
    """Returns the verdict on each run of the study that was begun; runs that are no longer in its plan are left out.

    Raises:
      NoStudy: nothing in the directory was begun.
    """
    planned = _planned(directory)
    begun = (path for path in (directory / "runs").glob("*") if path.is_dir())
    folders = sorted(path for path in begun if planned is None or path.name in planned)
    if not folders:
        raise NoStudy(f"{directory} is no study directory with runs in it")
    runs = tuple(map(audit_run, folders))
    worst = min(runs, key=_rank).verdict
    return StudyAudit("proved" if worst == "diverged" else worst, runs)


def _planned(directory: Path) -> set[str] | None:
    """Returns the runs of the plan that was carried out last; None where that is not known."""
    try:
        plan = json.loads((directory / "plan.json").read_bytes())
        return {run["id"] for part in ("runs", "extensions") for run in plan.get(part, ())}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _rank(run: RunAudit) -> int:
    return _WORST_FIRST.index(run.verdict)


def audit_json(audit: StudyAudit) -> str:
    """Returns an audit as JSON."""
    return json.dumps(asdict(audit), indent=1)


def print_audit(audit: StudyAudit, console: Console) -> None:
    """Prints a line for each run, and below what is wrong with those that fail."""
    table = Table("run", "verdict", "steps", "epochs", "rolled back", "compared", box=None, pad_edge=False)
    for run in audit.runs:
        views = sum(epoch.views / epoch.of for epoch in run.epochs)
        verdict = Text(run.verdict, style=_COLOURS[run.verdict])
        table.add_row(run.id, verdict, f"{run.steps:,}", f"{views:g}", f"{run.rolled_back:,}", f"{run.compared:.0%}")
    console.print(table)
    for run in audit.runs:
        for line in remarks(run):
            console.print(f"{run.id}: {line}", markup=False, highlight=False, soft_wrap=True)


def remarks(run: RunAudit) -> list[str]:
    """Returns what is to be said of a run beyond its verdict, a sentence each."""
    lists = {"missing": run.missing, "doubled": run.doubled, "could not be read, left out": run.skipped}
    return [*run.findings, *(line for what, parts in lists.items() for line in _lines(what, parts))]


def _lines(what: str, parts: tuple[Part, ...]) -> list[str]:
    more = [f"... and {len(parts) - _SHOWN:,} more parts {what}"] if len(parts) > _SHOWN else []
    return [f"{what}: {_place(part)}" for part in parts[:_SHOWN]] + more


def _place(part: Part) -> str:
    first, last = part.steps
    steps = f"step {first:,}" if first == last else f"steps {first:,} to {last:,}"
    ends = f"place {part.first:,}" if part.last == part.first + 1 else f"places {part.first:,} to {part.last - 1:,}"
    records = ", ".join(map(str, part.records[:4]))
    more = ", ..." if len(part.records) > 4 or part.last - part.first > len(part.records) else ""
    return f"{ends} of epoch {part.epoch} ({steps}; records {records}{more})"
