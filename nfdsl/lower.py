"""From a planned run to the run the runtime trains."""

from nfdsl.plan import PlannedRun
from nfdsl.schema.run import Run


def lower(run: PlannedRun, start: str | None) -> Run:
    """Returns what the runtime trains: `run`, from the weights of the run with id `start` or from released ones."""
    return Run(run.id, run.recipe, run.model, run.lr, run.length, start, run.weights, run.folder)
