"""Files of released weights as specs name them."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from nfdsl.check.spec import study_of
from nfdsl.check.study import Study
from nfdsl.diagnostics import Diagnostic
from nfdsl.schema.training import Finetune, Released
from nfdsl.source import Source

Wrong = Callable[..., Diagnostic]
TUNED = """
finetune tuned {
  start released("%s", model: net)
  data mnist
  budget 1 epochs
  batch 50 images
  resolution train 32px, eval 32px
  lr 0.1
}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that names of specs start at."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def start(study: Study) -> Released:
    (point,) = study.blocks["tuned"].points
    assert isinstance(point.value, Finetune)
    assert isinstance(point.value.start, Released)
    return point.value.start


def test_a_path_starts_at_the_folder_of_the_file_that_names_it(folder: Path, study: Callable[..., Study]):
    (folder / "specs" / "parts").mkdir(parents=True)
    (folder / "specs" / "parts" / "w.safetensors").touch()
    (folder / "here.safetensors").touch()
    prelude = study("").blocks["base"].definition.block.span.source.text
    (folder / "specs" / "parts" / "tuned.nfx").write_text(TUNED % "w.safetensors")
    text = f'import "parts/tuned.nfx"\n{prelude}'
    found, diagnostics = study_of(Source("specs/study.nfx", text))
    assert found is not None, diagnostics
    assert start(found).file == "parts/w.safetensors"
    found, _ = study_of(Source("specs/study.nfx", text), ['tuned.start.file="../here.safetensors"'])
    assert found is not None
    assert start(found).file == "../here.safetensors"
    found, _ = study_of(Source("specs/study.nfx", text), [f'tuned.start.file="{folder}/here.safetensors"'])
    assert found is not None
    assert start(found).file == f"{folder}/here.safetensors"


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda path: None, "there is no such file"),
        (lambda path: path.mkdir(), "it is a folder"),
        (os.mkfifo, "it is no regular file"),
    ],
    ids=["missing", "folder", "pipe"],
)
def test_a_file_that_cannot_be_read_is_told_where_it_is_named(folder: Path, wrong: Wrong, make, why: str):
    make(folder / "w.npz")
    found = wrong(TUNED % "w.npz")
    assert (found.code, found.headline) == ("unreadable-weights", f"the weights `w.npz` cannot be read: {why}")
    assert (found.primary.span.text, found.primary.text) == ('"w.npz"', f"looked for at {folder}/w.npz")
    assert found.help == "a path starts at the folder of the file that says it"


def test_what_is_near_is_offered_in_full(folder: Path, wrong: Wrong):
    (folder / "weights").mkdir()
    (folder / "weights" / "vit_b_16.npz").touch()
    assert wrong(TUNED % "weights/vit_b16.npz").help == f"did you mean {folder}/weights/vit_b_16.npz?"
    assert wrong(TUNED % "wieghts/vit_b_16.npz").help == f"did you mean {folder}/weights?"


@pytest.mark.parametrize("name", ["a.bin", "a.pth", "a.pt", "a.ckpt", "a.pkl"])
def test_a_pickle_is_refused_and_how_to_convert_it_said(folder: Path, wrong: Wrong, name: str):
    (folder / name).touch()
    found = wrong(TUNED % name)
    assert found.code == "weights-format"
    assert "can run code" in found.headline
    assert f'torch.load("{name}", weights_only=True)' in found.help
    assert 'save_file(weights, "a.safetensors")' in found.help


def test_other_files_are_refused_whether_they_are_there_or_not(wrong: Wrong):
    assert wrong(TUNED % "a.h5").help == "name a `.safetensors` or `.npz` file"


def test_an_nfnet_is_not_read_from_big_vision_s_files(folder: Path, wrong: Wrong):
    (folder / "w.npz").touch()
    found = wrong(TUNED % "w.npz")
    assert found.code == "weights-format"
    assert [label.text for label in (found.primary, *found.secondary)] == [
        'start.file = "w.npz"',
        "start.model = an NFNet",
    ]


def test_what_the_network_cannot_see_is_told(folder: Path, wrong: Wrong):
    (folder / "w.safetensors").touch()
    text = (TUNED % "w.safetensors").replace("train 32px", "train 4px")
    assert wrong(text).code == "resolution-too-small"


def test_the_word_of_a_start_from_a_block_may_still_be_left_out(study: Callable[..., Study]):
    text = TUNED.replace('released("%s", model: net)', "base best 1 per model by holdout.loss")
    (point,) = study(text).blocks["tuned"].points
    (same,) = study(text.replace("start base", "start start base")).blocks["tuned"].points
    assert point.value == same.value
