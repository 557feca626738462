"""Records made by hand, and the directory of a small study with made-up results."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from nfdsl.analysis.replicates import Replicated, averaged
from nfdsl.lower import lower
from nfdsl.plan import Plan, PlannedRun
from nfdsl.run_json import dump
from nfdsl.source import Source
from nfdsl.study.description import describe
from nfdsl.study.directory import StudyDirectory
from nfdsl.study.records import Record
from nfdsl.tables import plan_json

SPEC = '''# a study for tests
"""Two networks at three budgets.

With <b>fine-tuning</b> & more.
"""

data digits {
  source      builtin(digits)
  classes     10
  holdout     397 images
}

model nfnet {
  depth       [1, 1] * {S: 1, L: 3}
  width       [16, 32]
  group_width 8
}

pretrain scaling {
  model       nfnet
  data        digits
  budget      1 .. 4 epochs by x2
  batch       64 images
  resolution  train 16px, eval 16px
  lr          tune 0.1 .. 0.4 by x2 minimizing holdout.loss
}

finetune tuned {
  start       scaling best 1 per model by holdout.loss
  data        digits
  budget      2 epochs
  batch       64 images
  resolution  train 16px, eval 16px
  lr          0.1
  sam         rho 0.05
  augment     repeat {1, 2}
}
'''

_RECORD = Record(
    id="run",
    block="scaling",
    kind="pretrain",
    model="S",
    labels={"model": "S"},
    cell="cell",
    replicates="",
    minimizing="holdout.loss",
    start_cells=(),
    start=None,
    weights=None,
    lr=0.1,
    epochs=1.0,
    steps=10,
    images=640,
    train_flops=1e12,
    sam_flops=0.0,
    core_hours=None,
    params=1000,
    macs_per_image=10_000,
    state="done",
    step=10,
    train_loss=1.0,
    holdout_loss=1.1,
    top1=0.9,
    top5=0.99,
    accuracies={},
    seconds=5.0,
    failure=None,
    tuned=True,
    best=None,
)


@pytest.fixture
def record() -> Callable[..., Replicated]:
    """Returns a function from what is special about a run to the run, which has no replicates."""
    return lambda **special: averaged([replace(_RECORD, **special)])[0]


@pytest.fixture
def replicates() -> Callable[..., list[Record]]:
    """Returns a function from the losses of a run's seeds to the runs; what is None is waiting."""

    def replicates(losses: Sequence[float | None], **special: object) -> list[Record]:
        whole = replace(_RECORD, **{"id": "run", "cell": "cell", **special})
        return [
            replace(
                whole,
                id=f"{whole.id}#{seed}",
                cell=f"{whole.cell}#{seed}",
                replicates=whole.id,
                labels={**whole.labels, "seed": str(seed)},
                **({"state": "waiting", "top1": None} if loss is None else {}),
                holdout_loss=loss,
            )
            for seed, loss in enumerate(losses)
        ]

    return replicates


@pytest.fixture
def plan(planned: Callable[[str], Plan]) -> Plan:
    """Two models, three budgets, three learning rates; two fine-tunes of each model's best network."""
    return planned(SPEC)


@pytest.fixture
def study(plan: Plan, tmp_path: Path) -> StudyDirectory:
    """The directory of that study, every run done."""
    return _carried_out(plan, SPEC, tmp_path)


@pytest.fixture
def seeded(planned: Callable[[str], Plan], tmp_path: Path) -> StudyDirectory:
    """The same with two seeds of each fine-tune."""
    spec = SPEC.replace("  sam ", "  seed        {7, 8}\n  sam ")
    return _carried_out(planned(spec), spec, tmp_path)


@pytest.fixture
def seeded_pretraining(planned: Callable[[str], Plan], tmp_path: Path) -> StudyDirectory:
    """The same with two seeds and four budgets of each network, of which one run has diverged and one is waiting."""
    spec = SPEC.replace("1 .. 4 epochs", "1 .. 8 epochs").replace("  lr          tune", "  seed {7, 8}\n  lr tune")
    plan = planned(spec)
    study = _carried_out(plan, spec, tmp_path)
    waiting, *_, diverged = (run for run in plan.runs if run.kind == "pretrain" and run.lr == 0.4)
    result = {**_result(diverged), "state": "diverged", "step": 1, "holdout_loss": None, "top1": None, "top5": None}
    study.result_json(diverged.id).write_text(json.dumps(result))
    study.result_json(waiting.id).unlink()
    return study


def _carried_out(plan: Plan, spec: str, folder: Path) -> StudyDirectory:
    directory = StudyDirectory(folder / "study")
    directory.path.mkdir()
    directory.begin(describe(plan, Source("specs/test.nfx", spec)), plan_json(plan, {}))
    for run in plan.runs:
        start = None if run.start is None else _best(plan, run.label)
        folder = directory.prepare(run.id, dump(lower(run, start)))
        (folder / "result.json").write_text(json.dumps(_result(run)))
    return directory


@pytest.fixture
def marks() -> Callable[[Axes], list[Line2D]]:
    """Returns a function from axes to what is drawn in them: tips are not seen."""
    return lambda axes: [line for line in axes.lines if line.get_gid() is None]


def _best(plan: Plan, model: str) -> str:
    runs = [run for run in plan.runs if run.label == model and run.start is None]
    return min(runs, key=lambda run: _result(run)["holdout_loss"]).id


def _result(run: PlannedRun) -> dict:
    """A loss that follows a law of compute, lowest at a learning rate of 0.2."""
    loss = 40 * run.train_flops**-0.15 * (1.0 if run.lr == 0.2 else 1.1)
    return {
        "state": "done",
        "step": run.length.steps,
        "steps": run.length.steps,
        "train_loss": loss,
        "holdout_loss": loss,
        "top1": 1 - loss / 10 - 0.01 * (run.labels.get("augment.repeat") == "1") - 0.01 * (run.recipe.seed == 8),
        "top5": 0.99,
        "examples_evaluated": 397,
        "seconds": 10.0,
        "images_per_second": 100.0,
    }
