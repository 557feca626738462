"""Plans built by hand, and studies carried out by a fake worker."""

import json
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from nfdsl.extension import beyond
from nfdsl.plan import Cell, Plan, PlannedRun, Program, Selection
from nfdsl.schema.data import Builtin, Data
from nfdsl.schema.evaluation import Metric
from nfdsl.schema.model import NFNet
from nfdsl.schema.run import Length
from nfdsl.schema.training import Grid, Monotone, Recipe, Resolution
from nfdsl.study.directory import StudyDirectory
from nfdsl.study.engine import carry_out
from nfdsl.study.events import Closed, StudyEvent
from nfdsl.study.outcome import Outcome
from nfdsl.study.result import Result

RECIPE = Recipe(
    data=Data(source=Builtin("digits"), classes=10, holdout=100), batch=10, resolution=Resolution(train=8, eval=8)
)
HERE = Path(__file__).parent
FAKE_WORKER = (sys.executable, str(HERE / "fake_worker.py"))


@dataclass
class Sketch:
    """A plan in the making: cells are added one by one, their runs named `cell@lr`."""

    runs: list[PlannedRun] = field(default_factory=list)
    cells: list[Cell] = field(default_factory=list)
    extensions: list[PlannedRun] = field(default_factory=list)

    def cell(
        self,
        name: str,
        rates: Sequence[float] = (0.1, 0.2, 0.4),
        *,
        block: str = "scaling",
        model: str = "F0",
        images: int = 100,
        tuner: Grid | Monotone | None = None,
        start: Selection | None = None,
        minimizing: Metric = "holdout.loss",
        size: int | None = None,
        extend: int = 0,
        replicates: str = "",
    ) -> tuple[str, ...]:
        """Adds a cell of `model`, F0 to F9, and returns its run ids; FN costs N + 1 times what F0 does, or `size`.

        Cells of the same `replicates` differ in seeds alone.
        """
        size = int(model[1:]) + 1 if size is None else size
        below, above = beyond(rates, extend)
        for into, members in ((self.runs, rates), (self.extensions, (*below, *above))):
            into.extend(
                PlannedRun(
                    id=f"{name}@{lr:g}",
                    block=block,
                    kind="finetune" if start else "pretrain",
                    label=model,
                    labels={"model": model, "budget": f"{images / 100:g} epochs", "lr": f"{lr:g}"},
                    replicates=f"{replicates or name}@{lr:g}",
                    cell=name,
                    program=f"{block}-{model}",
                    recipe=RECIPE,
                    model=NFNet(depth=(size,), width=(8,)),
                    lr=lr,
                    epochs=images / 100,
                    length=Length(images, images // 10, 0),
                    start=start,
                    weights=None,
                    folder="/specs",
                    train_flops=size * images * 1000,
                    sam_flops=0,
                    core_hours=None,
                )
                for lr in members
            )
        ids, lower, higher = (tuple(f"{name}@{lr:g}" for lr in members) for members in (rates, below, above))
        self.cells.append(Cell(name, ids, tuner or Grid(), minimizing, lower, higher))
        return ids

    def plan(self) -> Plan:
        labels = {run.program: run.label for run in self.runs}
        programs = tuple(Program(program, label, 1000, 1000, 8, 10) for program, label in labels.items())
        return Plan("test study", programs, tuple(self.runs), tuple(self.cells), (), tuple(self.extensions))


@pytest.fixture(scope="session")
def new_sketch() -> Callable[[], Sketch]:
    return Sketch


@pytest.fixture
def sketch(new_sketch: Callable[[], Sketch]) -> Sketch:
    return new_sketch()


@pytest.fixture
def directory(tmp_path: Path) -> StudyDirectory:
    return StudyDirectory(tmp_path / "study")


Carry = Callable[..., list[StudyEvent]]


@pytest.fixture
def carry(directory: StudyDirectory) -> Carry:
    """Carries out a plan with the fake worker, which behaves as the keyword `runs` says, and returns the events."""

    def carry(plan: Plan, *, attempts: int = 3, **runs: dict[str, object]) -> list[StudyEvent]:
        script(plan, directory, **runs)
        texts = {"study_json": "{}", "plan_json": "{}"}
        return list(carry_out(plan, directory, **texts, command=FAKE_WORKER, attempts=attempts))

    return carry


@pytest.fixture
def command() -> Sequence[str]:
    """Starts a fake worker."""
    return FAKE_WORKER


@pytest.fixture
def drive(directory: StudyDirectory, tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Carries out a plan as `carry` does, but in a process of its own; see `driver`."""

    def drive(plan: Plan, *, grace: float = 25, worker: Path = HERE / "fake_worker.py", **runs: dict[str, object]):
        script(plan, directory, **runs)
        (tmp_path / "plan.pickle").write_bytes(pickle.dumps(plan))
        arguments = (directory.path, tmp_path / "plan.pickle", str(grace))
        return subprocess.Popen(
            [sys.executable, HERE / "driver.py", *arguments, sys.executable, worker],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return drive


@pytest.fixture
def result() -> Callable[..., Result]:
    """A finished run's result, by its held-out loss; diverged where that is None."""

    def result(loss: float | None, top1: float = 0.5) -> Result:
        done = Result("done", 10, 10, 1.0, loss, top1, 0.9, 100, 1.0, 1000.0)
        return replace(done, state="diverged", holdout_loss=None, top1=None) if loss is None else done

    return result


@pytest.fixture
def given(directory: StudyDirectory) -> Callable[[], list[str]]:
    """What workers were given so far, in order."""
    return lambda: (directory.path / "given.txt").read_text().split()


@pytest.fixture
def outcome() -> Callable[[list[StudyEvent]], Outcome]:
    """What came of a study, by its events."""

    def outcome(events: list[StudyEvent]) -> Outcome:
        assert isinstance(events[-1], Closed)
        return events[-1].outcome

    return outcome


@pytest.fixture
def of() -> Callable[[type[StudyEvent], Iterable[StudyEvent]], list[StudyEvent]]:
    """The events of one class."""
    return lambda kind, events: [event for event in events if isinstance(event, kind)]


def script(plan: Plan, directory: StudyDirectory, **runs: dict[str, object]) -> None:
    """Writes what the fake worker is to do with each run; runs are keyed by id."""
    programs = {run.id: {"program": run.program} for run in (*plan.runs, *plan.extensions)}
    todo = {run_id: programs[run_id] | runs.get(run_id, {}) for run_id in programs}
    directory.path.mkdir(parents=True, exist_ok=True)
    (directory.path / "script.json").write_text(json.dumps({"runs": todo}))
