"""What can be run next, what is not needed, and what cannot be run: a pure function of what is known."""

from collections.abc import Mapping, Set
from dataclasses import dataclass

from nfdsl.plan import PlannedRun
from nfdsl.study.landscape import Landscape
from nfdsl.study.selection import Chosen, Impossible, Pending, select
from nfdsl.study.tuning import Await, Known, Settled, Try, verdict


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
    wanted: set[str] = set()
    unneeded: set[str] = set()
    for cell in landscape.plan.cells:
        match verdict(cell, landscape, lost):
            case Try(runs):
                wanted.update(runs)
            case Settled():
                unneeded.update(run for run in cell.runs if run not in lost.results and run not in lost.failed)
            case Await():
                pass
    return Agenda(tuple(_tasks(wanted, landscape, lost)), unneeded, impossible)


def pick(tasks: tuple[Task, ...], program: str | None) -> Task:
    """Returns the task to do next: one of `program`, which is compiled and loaded, else the first."""
    return next((task for task in tasks if task.run.program == program), tasks[0])


def _impossible(landscape: Landscape, known: Known) -> dict[str, str]:
    found: dict[str, str] = {}
    for run in landscape.plan.runs:  # in an order in which they can be run, so candidates come first
        if run.id in known.results or run.id in known.failed:
            continue
        match select(run.start, landscape, Known(known.results, {**known.failed, **found})):
            case Impossible(reason):
                found[run.id] = reason
            case Chosen() | Pending():
                pass
    return found


def _tasks(wanted: set[str], landscape: Landscape, known: Known) -> list[Task]:
    tasks: list[Task] = []
    for run in landscape.plan.runs:
        if run.id not in wanted:
            continue
        match select(run.start, landscape, known):
            case Chosen(start):
                tasks.append(Task(run, start))
            case Pending() | Impossible():
                pass
    return tasks
