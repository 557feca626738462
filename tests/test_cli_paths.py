"""A study whose images lie beside its spec, run from other folders and moved: its runs stay the same."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

SPEC = """
import "parts/pictures.nfx"

model net {
  depth       [1]
  width       [8]
}

pretrain base {
  model       net
  data        pictures
  budget      2 epochs
  batch       10 images
  resolution  train 8px, eval 8px
  lr          {0.1, 0.2}
}
"""
PICTURES = """
data pictures {
  source      folder("images")
  classes     2
  examples    39 images
  validation  folder("../held")
  reassessed  "../real.json"
  dedup       excluding "near.txt"
}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A spec with its data: 40 images of two classes to train on, and 4 to evaluate on."""
    folder = tmp_path / "project"
    for images, count in {folder / "parts" / "images": 20, folder / "held": 2}.items():
        draw_images(images, count)
    (folder / "study.nfx").write_text(SPEC)
    (folder / "parts" / "pictures.nfx").write_text(PICTURES)
    (folder / "parts" / "near.txt").write_text("a/00.png\n")
    (folder / "real.json").write_text(json.dumps([[0], [0], [1], []]))
    return folder


def draw_images(folder: Path, count: int) -> None:
    draws = np.random.default_rng(0)
    for label in "ab":
        (folder / label).mkdir(parents=True)
        for number in range(count):
            Image.fromarray(draws.integers(0, 255, (8, 8, 3), np.uint8)).save(folder / label / f"{number:02}.png")


def nfdsl(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join([str(Path(__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PYTHONPATH": paths, "XLA_FLAGS": ""}
    command = [sys.executable, "-m", "nfdsl.cli", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_a_study_goes_on_from_wherever_it_is_called_and_lies(project: Path, tmp_path: Path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    out = ["--out", str(tmp_path / "out")]
    first = nfdsl("run", "../project/study.nfx", *out, folder=elsewhere)
    assert first.returncode == 0, first.stdout + first.stderr
    results = sorted((tmp_path / "out" / "runs").glob("*/result.json"))
    assert [json.loads(path.read_text())["reassessed_top1"] is not None for path in results] == [True, True]
    shutil.rmtree(results[1].parent)
    before = results[0].read_bytes()
    moved = project.rename(tmp_path / "moved")
    again = nfdsl("run", "study.nfx", *out, folder=moved)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "1 of them already complete" in again.stdout
    assert sorted((tmp_path / "out" / "runs").glob("*/result.json")) == results
    assert results[0].read_bytes() == before
    assert str(moved) in (results[1].parent / "run.json").read_text()
    assert "proved" in nfdsl("audit", str(tmp_path / "out"), folder=elsewhere).stdout


@pytest.mark.slow
def test_a_folder_that_is_not_there_is_named_with_what_is_near(project: Path, tmp_path: Path):
    (project / "parts" / "images").rename(project / "parts" / "imagse")
    answer = nfdsl("run", "project/study.nfx", "--attempts", "1", folder=tmp_path)
    assert answer.returncode == 3
    reasons = {json.loads(path.read_text())["reason"] for path in tmp_path.glob("studies/study/runs/*/failure.json")}
    assert reasons == {f"there is no folder `{project}/parts/images`; did you mean `{project}/parts/imagse`?"}
