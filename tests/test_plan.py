"""From a checked study to its runs, programs and costs."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from nfdsl.check.spec import study_of
from nfdsl.plan import Plan, plan
from nfdsl.schema.run import Weights
from nfdsl.schema.vit import ViT
from nfdsl.source import Source
from nfdsl.tables import plan_json

Planned = Callable[[str], Plan]

HEAD = """
data mnist { source builtin(mnist_5k)
  classes 10
  holdout 500 images
}
model net { depth [1, 1] * {S: 1, M: 2}
  width [16, 32]
  group_width 8
}
"""

STUDY = (
    HEAD
    + """pretrain base {
  model net
  data mnist
  budget %s
  batch 50 images
  resolution train 32px, eval 32px
  %s
}
"""
)


@pytest.fixture
def reference(planned: Planned, spec: Callable[[str], str]) -> Plan:
    return planned(spec("convnets_match_vits"))


def ids(plan: Plan) -> list[str]:
    return [run.id for run in plan.runs]


def test_the_reference_study_has_every_run_of_the_paper(reference: Plan):
    assert Counter(run.kind for run in reference.runs) == {"pretrain": 6 * 6 * 6, "finetune": 6 * 2 * 2}
    assert {run.label for run in reference.runs} == {"F0", "F1", "F3", "F3+", "F7", "F7+"}
    assert {run.epochs for run in reference.runs if run.kind == "pretrain"} == {0.25, 0.5, 1, 2, 4, 8}
    assert len(set(ids(reference))) == len(reference.runs)


def test_the_reference_study_compiles_each_model_once_for_each_resolution(reference: Plan):
    models = {(program.model, program.train_resolution) for program in reference.programs}
    assert len(models) == len(reference.programs) == 12


def test_the_largest_run_costs_what_the_paper_reports(reference: Plan):
    runs = [run for run in reference.runs if run.label == "F7+" and run.epochs == 8]
    assert {run.length.steps for run in runs} == {7_812_500}
    # 110k core-hours in the paper imply 35.6 % MFU; the spec assumes 35 %.
    assert all(run.core_hours == pytest.approx(111.9e3, rel=0.01) for run in runs)


@pytest.mark.parametrize("budget", ["1 core_hours", "0.5 chip_hours", "1.7325e17 FLOPs"])
@pytest.mark.parametrize("sam", ["none", "rho 0.05", "fraction 0.5", "fraction 1"])
def test_a_budget_is_what_is_spent_ascents_of_sam_included(planned: Planned, budget: str, sam: str):
    """An hour of a v4's core at 35 %: 3600 s x 137.5e12 x 0.35 FLOPs."""
    spec = STUDY.replace(
        "pretrain base {", f"hardware h {{ device tpu_v4 }}\npretrain base {{\n hardware h\n sam {sam}"
    )
    for run in planned(spec % (budget, "lr 0.1")).runs:
        assert run.core_hours == pytest.approx(1, rel=1e-6)
        assert run.train_flops + run.sam_flops == pytest.approx(1.7325e17, rel=1e-6)
        ascent = run.recipe.sam.fraction if run.recipe.sam else 0
        assert run.sam_flops == pytest.approx(run.train_flops * ascent, rel=1e-6)


def test_fine_tuning_of_repeated_images_keeps_the_compute(reference: Plan):
    once, four_times = (
        {run.train_flops for run in reference.runs if run.labels.get("augment.repeat") == repeat and run.label == "F3"}
        for repeat in ("1", "4")
    )
    assert once == four_times
    assert len(once) == 1


def test_a_fine_tune_depends_on_every_run_it_may_start_from(reference: Plan):
    for run in reference.runs:
        if run.kind == "finetune":
            assert run.start is not None
            of_model = {r.id for r in reference.runs if r.kind == "pretrain" and r.label == run.label}
            assert set(run.start.candidates) == of_model
            assert ids(reference).index(run.id) > max(map(ids(reference).index, of_model))


def test_cells_hold_the_runs_that_differ_only_in_learning_rate(reference: Plan):
    runs = {run.id: run for run in reference.runs}
    for cell in reference.cells:
        members = [runs[run] for run in cell.runs]
        assert [run.lr for run in members] == sorted({run.lr for run in members})
        assert len({(run.block, run.label, run.length) for run in members}) == 1


def test_rates_of_a_cell_rise_in_whatever_order_they_were_written(planned: Planned):
    plan = planned(STUDY % ("1 epochs", "lr tune {0.4, 0.1, 0.2, 0.1} minimizing holdout.loss"))
    runs = {run.id: run.lr for run in plan.runs}
    assert [[runs[run] for run in cell.runs] for cell in plan.cells] == [[0.1, 0.2, 0.4]] * 2
    assert [run.labels["lr"] for run in plan.runs] == ["0.1", "0.2", "0.4"] * 2


def test_orders_of_examples_are_seeds_too(planned: Planned):
    plan = planned(STUDY % ("1 epochs", "lr 0.1\n sampling exactly_once(seed: {0, 1, 2})"))
    assert len(plan.runs) == 6
    assert set(Counter(run.replicates for run in plan.runs).values()) == {3}


def test_grids_multiply(planned: Planned):
    plan = planned(STUDY % ("1 .. 4 epochs by x2", "lr {0.1, 0.2}\n seed {1, 2, 3}"))
    assert len(plan.runs) == 2 * 3 * 2 * 3
    assert len(plan.programs) == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("1 epochs", "lr 0.1"), ("4500 images", "lr 0.1")),
        (("1 epochs", "lr 0.1"), ("90 steps", "lr 10%")),
        (("1 epochs", "lr 0.1"), ("1 epochs", "lr 0.1\n dropout 0")),
        (("1 epochs", "lr 0.1\n seed 3"), ("1 epochs", "seed 3\n lr 0.1")),
        (
            ("1 epochs", "lr 0.1\n schedule cosine(warmup: 10 steps)"),
            ("1 epochs", "lr 0.1\n schedule cosine(500 images)"),
        ),
        (("1 epochs", "lr 0.1\n evaluate every 10 steps"), ("1 epochs", "lr 0.1\n evaluate every 500 images")),
    ],
)
def test_wording_does_not_change_an_id(planned: Planned, one: tuple[str, str], other: tuple[str, str]):
    assert ids(planned(STUDY % one)) == ids(planned(STUDY % other))


@pytest.mark.parametrize(
    "change",
    [
        "lr 0.2",
        "lr 0.1\n seed 1",
        "lr 0.1\n clip agc(0.02)",
        "lr 0.1\n schedule linear",
        "lr 0.1\n augment flip off",
        "lr 0.1\n evaluate every 9 steps",
    ],
)
def test_meaning_changes_every_id(planned: Planned, change: str):
    assert not set(ids(planned(STUDY % ("1 epochs", "lr 0.1")))) & set(ids(planned(STUDY % ("1 epochs", change))))


@pytest.mark.parametrize(
    ("sam", "same"), [("sam none", True), ("sam over global", True), ("sam over shard", False), ("sam rho 0.1", False)]
)
def test_hardware_is_no_part_of_an_id_unless_sam_ascends_on_each_chip(planned: Planned, sam: str, same: bool):
    """On however many devices it is trained then: so the id still tells all that a result depends on."""
    specs = [
        STUDY.replace("pretrain base {", f"hardware h {{ topology {topology} }}\npretrain base {{\n hardware h\n {sam}")
        for topology in ("[1]", "[5]", "[5, 1]")
    ]
    one, five, as_many = (ids(planned(spec % ("2 epochs", "lr 0.1"))) for spec in specs)
    assert (one == five) is same
    assert five == as_many


def test_a_stated_precision_is_part_of_an_id(planned: Planned):
    spec = STUDY.replace("pretrain base {", "hardware h { %s }\npretrain base {\n hardware h")
    settings = ("", "precision auto", "precision float32", "precision bfloat16")
    unsaid, auto, *stated = (ids(planned(spec % (setting, "1 epochs", "lr 0.1"))) for setting in settings)
    assert unsaid == auto == ids(planned(STUDY % ("1 epochs", "lr 0.1")))
    assert len({*unsaid, *stated[0], *stated[1]}) == 3 * len(unsaid)


def test_what_changes_a_program(planned: Planned):
    def programs(*settings: str) -> int:
        return len(planned(STUDY % ("1 epochs", "\n ".join(settings))).programs)

    assert programs("lr {0.1, 0.2}", "seed {0, 1}", "dropout {0.1, 0.2}", "augment repeat {1, 2}") == 2
    assert programs("lr 0.1", "dropout {0, 0.1, 0.2}") == 4
    assert programs("lr 0.1", "clip {none, agc(0.01)}") == 4


def test_the_plan_as_json_has_the_promised_keys(reference: Plan):
    plan = json.loads(plan_json(reference, {reference.runs[0].id: "done"}))
    assert set(plan) == {"study", "programs", "runs", "extensions", "cells", "totals"}
    assert {"id", "model", "params", "macs_per_image", "train_resolution", "batch"} <= set(plan["programs"][0])
    promised = {
        *("id", "block", "kind", "model", "labels", "lr", "epochs", "steps", "images", "train_flops"),
        *("core_hours", "depends_on", "program", "state"),
    }
    assert promised <= set(plan["runs"][0])
    assert {"runs", "programs", "images", "train_flops", "core_hours"} <= set(plan["totals"])
    assert [run["state"] for run in plan["runs"][:2]] == ["done", "waiting"]
    assert plan["totals"]["train_flops"] == sum(run["train_flops"] for run in plan["runs"])


def test_runs_that_differ_in_seeds_alone_are_replicates(planned: Planned):
    plan = planned(
        STUDY % ("1 epochs", "lr 0.1")
        + """
data digits { source builtin(digits)
  classes 10
  holdout 97 images
}
finetune down {
  start base
  data {mnist, digits}
  seed {0, 1, 2}
  budget 1 epochs
  batch 50 images
  resolution train 32px, eval 32px
  lr {0.1, 0.2}
}
"""
    )
    finetunes = [run for run in plan.runs if run.kind == "finetune"]
    counts = Counter(run.replicates for run in finetunes)
    assert len(finetunes) == 2 * 2 * 3 * 2
    assert set(counts.values()) == {3}
    told = {(run.replicates, run.label, run.labels["data"], run.lr) for run in finetunes}
    assert len(told) == len(counts) == 2 * 2 * 2


def test_seeds_are_one_candidate_for_a_start():
    spec = (
        STUDY % ("1 epochs", "lr 0.1\n seed {0, 1}")
        + """
finetune down {
  start start(base, best: 2)
  data mnist
  budget 1 epochs
  batch 50 images
  resolution train 32px, eval 32px
  lr 0.1
}
"""
    )
    study, _ = study_of(Source("spec.nfx", spec))
    assert study is not None
    made, (diagnostic,) = plan(study, "spec")
    assert made is None
    assert diagnostic.code == "too-few-candidates"
    assert diagnostic.headline.startswith("`base` tunes 1 network for S")


def test_starts_from_several_blocks_are_told_apart(planned: Planned):
    plan = planned(
        STUDY % ("{1 epochs, 2 epochs}", "lr 0.1")
        + """
pretrain other from base { seed 1 }
finetune down {
  start {start(base, best: 2), other: start(other, best: 2)}
  data mnist
  budget 1 epochs
  batch 50 images
  resolution train 32px, eval 32px
  lr 0.1
}
"""
    )
    told = [run.labels["start"] for run in plan.runs if run.kind == "finetune" and run.label == "S"]
    of_block = {block: {run.replicates for run in plan.runs if run.block == block} for block in ("base", "other")}
    assert not of_block["base"] & of_block["other"]  # though they differ in seeds alone
    assert told == ["start(base, best: 2)", "start(base, best: 2), 2nd best", "other", "other, 2nd best"]


RELEASED = (
    HEAD
    + """model vit { family vit
  depth 2
  width 16
  mlp 32
  heads 2
  patch 8px
  representation 16
}
finetune tuned {
  start %s
  data mnist
  budget 1 epochs
  batch 50 images
  resolution train 32px, eval 32px
  lr {0.1, 0.2}
}
"""
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the spec, with files of weights; what they hold does not matter here."""
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        (tmp_path / f"{name}.safetensors").write_text(name)
    return tmp_path


def test_a_fine_tune_from_released_weights_depends_on_no_run(folder: Path, planned: Planned):
    plan = planned(RELEASED % 'released("a.safetensors", model: vit)')
    assert [(run.kind, run.label, run.start) for run in plan.runs] == [("finetune", "vit", None)] * 2
    (weights,) = {run.weights for run in plan.runs}
    assert weights == Weights("a.safetensors", hashlib.sha256(b"a").hexdigest())
    assert isinstance(plan.runs[0].model, ViT)
    assert plan.runs[0].model.representation is None  # which goes with the old classifier
    entry = json.loads(plan_json(plan, {}))["runs"][0]
    assert (entry["depends_on"], entry["weights"]) == ([], weights.sha256)


def test_a_run_is_known_by_what_the_file_holds(folder: Path, planned: Planned):
    one = ids(planned(RELEASED % 'released("a.safetensors", model: vit)'))
    assert one != ids(planned(RELEASED % 'released("b.safetensors", model: vit)'))
    (folder / "a.safetensors").rename(folder / "c.safetensors")
    assert one == ids(planned(RELEASED % f'released("{folder}/c.safetensors", model: vit)'))
    (folder / "c.safetensors").write_text("other weights")
    assert not set(one) & set(ids(planned(RELEASED % 'released("c.safetensors", model: vit)')))


IN_PLACE = (
    """\
data pictures { source folder("pictures")
  classes 2
  examples 100 images
  dedup excluding "listed"
  validation array_record("held/*.array_record")
  reassessed "real.json"
}
"""
    + STUDY.replace("data mnist\n", "data pictures\n") % ("1 epochs", "lr 0.1")
)


def test_a_run_is_the_same_wherever_the_folder_of_its_spec_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    plans: list[Plan] = []
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        study, _ = study_of(Source(f"{tmp_path}/{name}/study.nfx", IN_PLACE))
        assert study is not None
        made, _ = plan(study, name)
        assert made is not None
        plans.append(made)
    assert ids(plans[0]) == ids(plans[1])
    assert {run.folder for made in plans for run in made.runs} == {f"{tmp_path}/here", f"{tmp_path}/there"}


@pytest.mark.parametrize(
    ("start", "labels"),
    [
        (
            '{released("a.safetensors", model: net), released("b.safetensors", model: vit)}',
            [{"model": "S"}, {"model": "M"}, {"model": "vit"}],
        ),
        (
            '{v1: released("a.safetensors", model: vit), v2: released("b.safetensors", model: vit)}',
            [{"model": "vit", "start": "v1"}, {"model": "vit", "start": "v2"}],
        ),
        (
            'released({v1: "a.safetensors", v2: "b.safetensors"}, model: vit)',
            [{"model": "vit", "start.file": "v1"}, {"model": "vit", "start.file": "v2"}],
        ),
        (
            'released({S: "a.safetensors", M: "b.safetensors"}, model: net)\n zip start.file, start.model',
            [{"model": "S"}, {"model": "M"}],
        ),
    ],
)
def test_a_network_is_known_by_its_model_and_else_by_its_file(
    folder: Path, planned: Planned, start: str, labels: list[dict[str, str]]
):
    plan = planned(RELEASED % start)
    told = [run.labels for run in plan.runs if run.lr == 0.1]
    assert told == [{**each, "lr": "0.1"} for each in labels]
