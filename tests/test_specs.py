"""The specs of papers hold the systems that the papers have."""

from pathlib import Path

import pytest

from nfdsl.check.spec import study_of
from nfdsl.plan import Plan, plan
from nfdsl.source import Source

SPECS = Path(__file__).parents[1] / "specs"


def planned(name: str) -> Plan:
    study, diagnostics = study_of(Source(f"{name}.nfx", (SPECS / f"{name}.nfx").read_text()))
    assert study is not None, diagnostics
    made, diagnostics = plan(study, name)
    assert made is not None, diagnostics
    return made


def test_the_18_systems_of_the_vit_paper_s_table_6():
    runs = [run for run in planned("vision_transformer").runs if run.kind == "pretrain"]
    # In exaFLOPs as the table has them; ResNets and classifiers of 18,291 classes make some of ours up to 4 % more.
    table = [55, 224, 196, 783, 1567, 4262, 50, 199, 96, 141, 563, 1126, 3306, 106, 274, 246, 859, 1668]
    assert len(runs) == len(table) == 18
    for exaflops, run in zip(sorted(table), sorted(runs, key=lambda run: run.train_flops), strict=True):
        assert run.train_flops / 1e18 == pytest.approx(exaflops, rel=0.05)


def test_each_of_them_is_fine_tuned_at_each_learning_rate():
    runs = [run for run in planned("vision_transformer").runs if run.kind == "finetune"]
    assert len(runs) == 18 * 4
    assert {run.length.steps for run in runs} == {20_000}


def test_f0_to_f6_at_their_own_resolutions():
    # Brock et al. 2021, Table 1, and the steps of 360 epochs of 1,281,167 images.
    runs = planned("nfnet_imagenet").runs
    assert [run.label for run in runs] == ["F0", "F1", "F2", "F3", "F4", "F5", "F6"]
    sides = [(run.recipe.resolution.train, run.recipe.resolution.eval) for run in runs]
    assert sides == [(192, 256), (224, 320), (256, 352), (320, 416), (384, 512), (416, 544), (448, 576)]
    assert [run.recipe.dropout for run in runs] == [0.2, 0.3, 0.4, 0.4, 0.5, 0.5, 0.5]
    assert {run.length.steps for run in runs} == {112_603}
