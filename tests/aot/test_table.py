"""Tests of what is told of programs."""

import json
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from nfdsl.aot.estimates import Estimate
from nfdsl.aot.table import announced, estimates_json, mfu, print_estimates, study_core_hours
from nfdsl.aot.targets import targets
from nfdsl.schema.model import NFNet
from nfdsl.schema.vit import ViT

F7_PLUS = NFNet(depth=(8, 16, 48, 24), width=(384, 768, 2048, 2048))
G = ViT(depth=40, width=1408, mlp=6144, heads=16, patch=14)


@pytest.fixture
def estimates(planned, report):
    small, large = targets(planned(), None, None)
    return [Estimate(small, report, False), Estimate(large, {"error": "does not fit"}, False)]


def test_figures_follow_from_the_time_of_a_step(estimates):
    small = estimates[0]
    steps = sum(run.length.steps for run in small.target.runs)
    assert study_core_hours(small) == pytest.approx(steps * 0.05 * 4 * 2 / 3600)
    flops = 6 * small.target.program.macs_per_image * 64
    assert mfu(small) == pytest.approx(flops / 0.05 / (4 * 275e12))


def test_json_has_stable_keys(estimates):
    done, failed = json.loads(estimates_json(estimates))["programs"]
    wanted = (
        "id model topology params shards gather remat why hbm_bytes flops collective_bytes step_seconds breakdown mfu"
    )
    assert {*wanted.split(), "core_hours_per_billion_images", "compile_seconds"} <= done.keys()
    assert done["hbm_bytes"] == {"arguments": 2**30, "temporaries": 2**31, "available": round(30.75 * 2**30)}
    assert sum(done["breakdown"].values()) == pytest.approx(done["step_seconds"])
    assert done["core_hours_per_billion_images"] == pytest.approx(1e9 / 64 * 0.05 * 4 * 2 / 3600)
    assert failed["error"] == "does not fit"


def test_tables_are_for_people(estimates):
    console = Console(width=100, file=StringIO())
    print_estimates(estimates, console)
    text = console.file.getvalue()
    assert "small 32px v4:2x2x1" in text
    assert "3.0 GiB  27.8 GiB  50.0 ms" in text
    assert "large 32px v4:2x2x1: does not fit" in text


def test_networks_of_papers_stand_beside_what_they_were_published_with(estimates):
    small, _ = estimates
    console = Console(width=200, file=StringIO())
    told = [trained(small, *network) for network in ((F7_PLUS, "pretrain"), (F7_PLUS, "finetune"), (G, "pretrain"))]
    print_estimates([small, *told], console)
    lines = [line for line in console.file.getvalue().splitlines() if "published" in line]
    assert lines == [
        "small 32px v4:2x2x1: NFNet-F7+ is published with 110,000 core-hours on TPU v4 for 3.2e+10 images, "
        "which would take 55,556 here",
        "small 32px v4:2x2x1: NFNet-F7+ is published with 1,600 core-hours on TPU v4 for 6.41e+07 images, "
        "which would take 111 here",
        "small 32px v4:2x2x1: ViT-g/14 is published with 120,000 core-hours on TPU v4, of images it does not tell",
    ]
    answers = json.loads(estimates_json([small, *told]))["programs"]
    assert [answer["published"] and answer["published"]["core_hours"] for answer in answers] == [
        None,
        110e3,
        1.6e3,
        120e3,
    ]


def trained(estimate, model, kind):
    runs = tuple(replace(run, model=model, kind=kind) for run in estimate.target.runs)
    return replace(estimate, target=replace(estimate.target, runs=runs))


def test_what_was_compiled_is_announced_at_once(estimates):
    console = Console(width=100, file=StringIO())
    small, _ = estimates
    stream = announced([replace(small, cached=True), small], 2, console)
    assert next(stream).cached
    assert console.file.getvalue() == ""
    assert next(stream) is small
    assert console.file.getvalue() == "small 32px v4:2x2x1: compiled in 3 s, 2 of 2\n"
