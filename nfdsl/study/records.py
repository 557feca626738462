"""What a study directory says of each run: the plan's facts beside what its training reached."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from nfdsl.run_json import UnreadableRun, load
from nfdsl.schema.evaluation import Metric
from nfdsl.schema.training import TrainingKind
from nfdsl.study.directory import StudyDirectory, Unreadable
from nfdsl.study.fields import Fields, Malformed, parse
from nfdsl.study.lists import objects, texts, texts_by_name
from nfdsl.study.result import Best, Result
from nfdsl.study.tuning.known import Known
from nfdsl.study.tuning.ladder import Ladder
from nfdsl.study.tuning.survey import Settled, Try, survey

State = Literal["waiting", "running", "done", "diverged", "failed", "unneeded"]


@dataclass(frozen=True)
class Record:
    """One run of a study; what its training has not told, or not yet, is None."""

    id: str
    block: str
    kind: TrainingKind
    model: str
    labels: Mapping[str, str]  # every axis it was swept along, in the spec's words
    cell: str  # runs of one cell differ only in learning rate
    replicates: str  # runs that share it differ only in seeds
    minimizing: Metric  # what the tuned run of the cell has least of
    start_cells: tuple[str, ...]  # among whose best its start is chosen
    start: str | None  # the run it starts from; None from other weights, or while that is not chosen
    weights: str | None  # SHA-256 of the released ones it starts from
    lr: float
    epochs: float
    steps: int
    images: int
    train_flops: float
    sam_flops: float  # ascent gradients, counted beside
    core_hours: float | None  # of both
    params: int
    macs_per_image: int
    state: State  # "running" also where it was stopped; "unneeded" where tuning settled without it
    step: int
    train_loss: float | None
    holdout_loss: float | None
    top1: float | None  # share of held-out images, in [0, 1]
    top5: float | None
    accuracies: Mapping[str, float]  # others, by name: see `Result`
    seconds: float | None
    failure: str | None  # why it failed, one sentence
    tuned: bool  # the best of its cell so far
    best: Best | None  # weights of its way, where it keeps them


@dataclass(frozen=True)
class LearningCurve:
    """Training along one run: entry i of each is what line i of metrics.jsonl says, or of evaluations.jsonl."""

    steps: tuple[int, ...]
    losses: tuple[float | None, ...]  # None where not a finite number
    seconds: tuple[float | None, ...]
    evaluated: tuple[int, ...] = ()  # steps done at each evaluation, the last at the end
    holdout_losses: tuple[float | None, ...] = ()


@dataclass(frozen=True)
class _Progress:
    """How far the training of one run has come."""

    state: State
    step: int = 0
    train_loss: float | None = None
    holdout_loss: float | None = None
    top1: float | None = None
    top5: float | None = None
    accuracies: Mapping[str, float] = field(default_factory=dict[str, float])
    seconds: float | None = None
    failure: str | None = None
    best: Best | None = None


def read_records(directory: StudyDirectory, cells: Sequence[Ladder]) -> tuple[Record, ...]:
    """Returns a record for each run of the plan, cell by cell in increasing learning rate.

    Runs without files are waiting; a run is complete exactly if it has a result.json. Of the runs beyond a cell's
    range there are those that have begun, and the one that tuning asks for next.

    Raises:
      Unreadable: there is no plan.json, or a file does not hold what it should.
    """
    try:
        plan = parse(_text(directory.plan_json))
        programs = {program.text("id"): program for program in objects(plan, "programs")}
        stated = {run.text("id"): run for run in objects(plan, "runs")}
        runs = {run.text("id"): run for run in objects(plan, "extensions")} | stated
        results, unreadable = directory.results(runs)
        if unreadable:
            raise unreadable[0]
        progress = {run: _progress(directory, run, results.get(run)) for run in runs}
        known = Known(results, {run: "" for run, reached in progress.items() if reached.state == "failed"})
        best = {ladder.runs[place] for ladder in cells if (place := ladder.best(results)) is not None}
        asked = _asked_for(cells, known)
        unneeded = [run for run in stated if progress[run].state == "waiting" and not asked.get(run, True)]
        progress.update(dict.fromkeys(unneeded, _Progress("unneeded")))
        metrics: dict[str, Metric] = {run: cell.minimizing for cell in cells for run in cell.runs}
        return tuple(
            _record(directory, runs[run], programs, progress[run], run in best, metrics.get(run, "holdout.loss"))
            for run in _in_order(cells, runs)
            if run in stated or progress[run].state != "waiting" or asked.get(run, False)
        )
    except Malformed as error:
        raise Unreadable(directory.plan_json, str(error)) from error


def read_learning_curve(directory: StudyDirectory, run_id: str) -> LearningCurve:
    """Returns what a run's metrics.jsonl and evaluations.jsonl tell; an empty curve if there are none.

    What follows the last line end was being written when the run was stopped, and is left out.

    Raises:
      Unreadable: a whole line does not hold a step.
    """
    trained, evaluated = _points(directory.metrics(run_id)), _points(directory.evaluations(run_id))
    return LearningCurve(
        tuple(step for step, _, _ in trained),
        tuple(loss for _, loss, _ in trained),
        tuple(seconds for _, _, seconds in trained),
        tuple(step for step, _, _ in evaluated),
        tuple(loss for _, loss, _ in evaluated),
    )


def _points(path: Path) -> list[tuple[int, float | None, float | None]]:
    """Returns step, loss and seconds of each line."""
    lines = _text(path).split("\n")[:-1] if path.exists() else []
    try:
        points = map(parse, lines)
        return [(point.whole("step"), point.measurement("loss"), point.measurement("seconds")) for point in points]
    except Malformed as error:
        raise Unreadable(path, f"a line of it: {error}") from error


def _record(
    directory: StudyDirectory,
    run: Fields,
    programs: Mapping[str, Fields],
    progress: _Progress,
    best: bool,
    metric: Metric,
) -> Record:
    run_id, program = run.text("id"), programs.get(run.text("program"))
    if program is None:
        raise Malformed(f'run {run_id} names a "program" that is not listed')
    kind = _kind(run)
    return Record(
        id=run_id,
        block=run.text("block"),
        kind=kind,
        model=run.text("model"),
        labels=texts_by_name(run, "labels"),
        cell=run.text("cell"),
        replicates=run.text("replicates"),
        minimizing=metric,
        start_cells=texts(run, "start_cells"),
        start=_start(directory, run_id) if kind == "finetune" else None,
        weights=run.text("weights") if run.values.get("weights") is not None else None,
        lr=run.number("lr"),
        epochs=run.number("epochs"),
        steps=run.whole("steps"),
        images=run.whole("images"),
        train_flops=run.number("train_flops"),
        sam_flops=run.number("sam_flops"),
        core_hours=run.measurement("core_hours"),
        params=program.whole("params"),
        macs_per_image=program.whole("macs_per_image"),
        state=progress.state,
        step=progress.step,
        train_loss=progress.train_loss,
        holdout_loss=progress.holdout_loss,
        top1=progress.top1,
        top5=progress.top5,
        accuracies=progress.accuracies,
        seconds=progress.seconds,
        failure=progress.failure,
        tuned=best,
        best=progress.best,
    )


def _asked_for(cells: Sequence[Ladder], known: Known) -> dict[str, bool]:
    """Returns of runs that have not ended whether tuning asks for them, as far as that is known."""
    ladders, asked = {ladder.id: ladder for ladder in cells}, dict[str, bool]()
    for cell, verdict in survey(ladders, known).items():
        match verdict:
            case Settled():
                asked.update((run, False) for run in ladders[cell].runs if not known.tried(run))
            case Try(runs):
                asked.update((run, True) for run in runs)
            case _:
                pass
    return asked


def _in_order(cells: Sequence[Ladder], runs: Iterable[str]) -> list[str]:
    """Returns the ids of runs cell by cell, in increasing learning rate."""
    known = set(runs)
    listed = [run for ladder in cells for run in ladder.runs if run in known]
    return list(dict.fromkeys([*listed, *runs]))


def _progress(directory: StudyDirectory, run_id: str, result: Result | None) -> _Progress:
    if result is not None:
        return _Progress(
            result.state,
            result.step,
            result.train_loss,
            result.holdout_loss,
            result.top1,
            result.top5,
            result.accuracies,
            result.seconds,
            best=result.best,
        )
    failure, curve = directory.failure(run_id), read_learning_curve(directory, run_id)
    reached = _Progress("waiting")
    if curve.steps:
        reached = _Progress("running", curve.steps[-1], curve.losses[-1], seconds=curve.seconds[-1])
    return reached if failure is None else replace(reached, state="failed", failure=failure.reason)


def _start(directory: StudyDirectory, run_id: str) -> str | None:
    path = directory.run_json(run_id)
    try:
        return load(_text(path)).start if path.exists() else None
    except UnreadableRun as error:
        raise Unreadable(path, str(error)) from error


def _kind(run: Fields) -> TrainingKind:
    match run.text("kind"):
        case "pretrain" | "finetune" as kind:
            return kind
        case other:
            raise Malformed(f'"kind" should be "pretrain" or "finetune", not {other!r}')


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise Unreadable(path, "there is no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise Unreadable(path, str(error)) from error
