"""Tests of fine-tuning from released weights: what is begun from is the file that was planned with, or nothing."""

import hashlib
import json
import runpy
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import jax
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from nfdsl.schema.run import Length, Weights
from nfdsl.schema.training import Resolution
from nfdsl.schema.vit import ViT
from runtime.checkpoint import restore
from runtime.events import Saved
from runtime.models.positions import resized
from runtime.released.files import ReleasedError
from runtime.released.weights import released
from runtime.results import read_result
from runtime.train import train

TESTS = Path(__file__).parents[1]
golden_weights = runpy.run_path(str(TESTS / "golden_weights.py"))["golden_weights"]
TINY = ViT(depth=3, width=32, mlp=64, heads=4, patch=8)


def weights(path):
    return Weights(str(path), hashlib.sha256(path.read_bytes()).hexdigest())


@pytest.fixture
def file(tmp_path):
    """Weights in timm's names, of `TINY` for images of 32 pixels and 5 classes."""
    with np.load(TESTS / "data" / "timm_tiny.npz") as stored:
        shapes = json.loads(str(stored["vit.shapes"]))
    save_file(golden_weights(shapes), tmp_path / "vit.safetensors")
    return tmp_path / "vit.safetensors"


@pytest.fixture
def tuned(small_run, file):
    """A run from the file, at another resolution."""
    recipe = replace(small_run.recipe, resolution=Resolution(24, 24), clip=None)
    length = Length(images=160, steps=5, warmup_steps=0)
    return replace(small_run, id="tuned", recipe=recipe, model=TINY, lr=0.01, length=length, weights=weights(file))


def carried_out(run, folder, programs):
    folder.mkdir(exist_ok=True)
    return list(train(run, folder, programs, None, threading.Event()))


def parameters(run, folder, programs):
    return restore(folder / "checkpoints", programs.of(run).state).state.parameters


def test_a_fine_tune_begins_from_the_file_but_for_the_classifier(tuned, file, tmp_path, programs):
    still = replace(tuned, lr=0.0)  # its weights stay as they began
    carried_out(still, tmp_path / "still", programs)
    ours, theirs = parameters(still, tmp_path / "still", programs), released(file, TINY)
    assert jax.tree.map(np.shape, ours["classifier"]) == {"kernel": (32, 10), "bias": (10,)}
    for name in ("blocks", "norm"):
        jax.tree.map(np.testing.assert_array_equal, ours[name], theirs[name])
    positions = ours["embedding"]["positions"]
    assert (positions.shape, theirs["embedding"]["positions"].shape) == ((3, 3, 32), (4, 4, 32))
    np.testing.assert_allclose(positions, resized(theirs["embedding"]["positions"], 3, 3), rtol=1e-6)


def test_once_begun_it_continues_without_the_file_and_comes_to_the_same(tuned, file, tmp_path, programs):
    carried_out(tuned, tmp_path / "whole", programs)
    (tmp_path / "parts").mkdir()
    with closing(train(tuned, tmp_path / "parts", programs, None, threading.Event(), save_seconds=0)) as events:
        next(event for event in events if isinstance(event, Saved))
    file.unlink()
    carried_out(tuned, tmp_path / "parts", programs)
    one, other = (parameters(tuned, tmp_path / folder, programs) for folder in ("whole", "parts"))
    jax.tree.map(np.testing.assert_array_equal, one, other)
    assert read_result(tmp_path / "parts" / "result.json").state == "done"


def test_a_file_that_changed_since_it_was_planned_with_is_refused(tuned, file, tmp_path, programs):
    changed = {name: array + 1 for name, array in load_file(file).items()}
    save_file(changed, file)
    said = f"holds other weights than when the run was planned: its SHA-256 is {weights(file).sha256}, not"
    with pytest.raises(ReleasedError, match=said):
        carried_out(tuned, tmp_path / "run", programs)
    file.unlink()
    with pytest.raises(ReleasedError, match=r"vit\.safetensors cannot be read: No such file"):
        carried_out(tuned, tmp_path / "run", programs)


def test_a_file_of_another_network_is_refused_with_what_does_not_fit(tuned, file, tmp_path, programs):
    partial = {name: array for name, array in load_file(file).items() if name != "norm.weight"}
    save_file(partial, file)
    with pytest.raises(ReleasedError, match=r"does not fit the model: it lacks norm\.weight$"):
        carried_out(replace(tuned, weights=weights(file)), tmp_path / "run", programs)
    wider = replace(tuned, model=replace(TINY, mlp=96))
    save_file(partial | {"norm.weight": np.ones(32, np.float32)}, file)
    with pytest.raises(ReleasedError, match=r"blocks\.0\.mlp\.fc1\.bias is \[64\].* the model has \[3, 96\]"):
        carried_out(replace(wider, weights=weights(file)), tmp_path / "run", programs)
