"""What can be run next, what is not needed, and what cannot be run: a pure function of what is known."""

from collections.abc import Mapping, Set
from dataclasses import dataclass

from nfdsl.plan import PlannedRun
from nfdsl.study.landscape import Landscape
from nfdsl.study.selection import Choice, Chosen, Impossible, select
from nfdsl.study.tuning.known import Known
from nfdsl.study.tuning.survey import Settled, Try, Verdict, survey


@dataclass(frozen=True)
class Task:
    """A run that can be carried out now, from the weights of the run `start`."""

    run: PlannedRun
    start: str | None


@dataclass(frozen=True)
class Agenda:
    """What is left of a study. Runs that have ended or wait for others are in none of these."""

    tasks: tuple[Task, ...]  # in the plan's order
    unneeded: Set[str]  # runs that tuning settled without
    impossible: Mapping[str, str]  # run id to why it cannot be run


def agenda(landscape: Landscape, known: Known) -> Agenda:
    """Returns what is left, given results and failures.

    A run that cannot be run counts as failed for what depends on it.
    """
    impossible = _impossible(landscape, known)
    lost = Known(known.results, {**known.failed, **impossible})
    verdicts = survey(landscape.ladders, lost)
    wanted = {run for verdict in verdicts.values() if isinstance(verdict, Try) for run in verdict.runs}
    settled = [landscape.ladders[cell] for cell, verdict in verdicts.items() if isinstance(verdict, Settled)]
    unneeded = {run for ladder in settled for run in ladder.range if not lost.tried(run)}
    return Agenda(tuple(_tasks(wanted, landscape, lost, verdicts)), unneeded, impossible)


def outdated(landscape: Landscape, known: Known, starts: Mapping[str, str | None]) -> dict[str, str]:
    """Returns the complete fine-tunes that began from another network than they would today, and that network.

    Args:
      starts: what each complete fine-tune began from.
    """
    if not starts:
        return {}
    verdicts = survey(landscape.ladders, known)
    found: dict[str, str] = {}
    for run, start in starts.items():
        match select(landscape.runs[run].start, landscape, known, verdicts):
            case Chosen(str(today)) if today != start:
                found[run] = today
            case _:
                pass
    return found


def pick(tasks: tuple[Task, ...], program: str | None) -> Task:
    """Returns the task to do next: one of `program`, which is compiled and loaded, else the first."""
    return next((task for task in tasks if task.run.program == program), tasks[0])


def _impossible(landscape: Landscape, known: Known) -> dict[str, str]:
    verdicts = survey(landscape.ladders, known)
    found: dict[str, str] = {}
    for cell in landscape.plan.cells:  # in an order in which they can be run, so candidates come first
        lost = Known(known.results, {**known.failed, **found})
        match select(landscape.sample(cell).start, landscape, lost, verdicts):
            case Impossible(reason):
                found.update((run, reason) for run in cell.runs if not known.tried(run))
            case _:
                pass
    return found


def _tasks(wanted: Set[str], landscape: Landscape, known: Known, verdicts: Mapping[str, Verdict]) -> list[Task]:
    choices: dict[str, Choice] = {}  # by cell
    tasks: list[Task] = []
    for run in landscape.runs.values():
        if run.id not in wanted:
            continue
        if run.cell not in choices:
            choices[run.cell] = select(run.start, landscape, known, verdicts)
        match choices[run.cell]:
            case Chosen(start):
                tasks.append(Task(run, start))
            case _:
                pass
    return tasks
