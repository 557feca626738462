"""Tests of programs compiled for chips that are not there."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from nfdsl.run_json import dump
from nfdsl.schema.hardware import Hardware
from nfdsl.schema.training import Resolution
from nfdsl.schema.vit import ViT

pytestmark = pytest.mark.slow


@pytest.fixture
def reported(run, tmp_path):
    """Returns what is said of a vision transformer of some shape on four chips."""
    pytest.importorskip("libtpu")

    def reported(depth, width, **settings):
        model = ViT(depth=depth, width=width, mlp=4 * width, heads=width // 64, patch=16)
        recipe = replace(run.recipe, resolution=Resolution(32, 32), hardware=Hardware("tpu_v4", (2, 2, 1), **settings))
        path = tmp_path / "run.json"
        path.write_text(dump(replace(run, model=model, recipe=recipe)))
        command = [sys.executable, "-m", "runtime.aot", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    return reported


def test_by_block_neither_all_weights_nor_all_gradients_are_in_memory(reported):
    """Whole weights are 2 bytes a number, whole gradients 4; by block, gradients are 4 of a quarter of the numbers."""
    once, by_block = (reported(24, 512, shards=4, gather=gather, remat="blocks") for gather in ("step", "block"))
    assert once["arguments"] == by_block["arguments"]
    numbers = 24 * 12 * 512**2
    assert once["temporaries"] > 2 * numbers
    assert by_block["temporaries"] < 1.5 * numbers
    assert by_block["collective_bytes"]["all-gather"] > 1.9 * once["collective_bytes"]["all-gather"]


def test_a_program_that_does_not_fit_is_told_what_would(reported):
    said = reported(36, 4096, gather="step")["error"]
    assert "exceeds available HBM" in said
    assert "`shards 4`, `gather block` and `remat activations` on 4 devices would need about " in said
