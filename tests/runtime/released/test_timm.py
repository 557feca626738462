"""Networks compute what timm's do from the same file of weights.

The logits were written by `tests/comparison/write_golden.py` with timm 1.0 and PyTorch 2.13.
"""

import json
import runpy
from functools import partial
from pathlib import Path
from typing import Literal

import jax
import numpy as np
import pytest
from safetensors.numpy import save_file

from nfdsl.schema.bit import BiT, ResNet
from nfdsl.schema.model import Model, NFNet
from nfdsl.schema.vit import ViT
from runtime.models.grouped_convolution import Grouped
from runtime.models.network import build
from runtime.released.files import ReleasedError
from runtime.released.weights import released

TESTS = Path(__file__).parents[2]
GOLDEN = TESTS / "data" / "timm_tiny.npz"
# By path, as the script that wrote the logits has no nfdsl to import it with.
golden_weights = runpy.run_path(str(TESTS / "golden_weights.py"))["golden_weights"]
TINY = partial(ViT, depth=3, width=32, mlp=64, heads=4, patch=8)
SYSTEMS: dict[str, Model] = {
    "nfnet": NFNet((1, 3), (256, 64), group_width=32),
    "nfnet_own": NFNet((1, 3), (256, 64), group_width=32, padding="symmetric"),
    "vit": TINY(),
    "vit_map": TINY(pool="map"),
    "hybrid": TINY(backbone=ResNet((1, 2), (128, 256))),
    "bit": BiT((1, 3), (128, 256)),
}
# Their code keeps from dividing by nothing with other small numbers: 1e-8 beside a hybrid's variance of weights.
CLOSE = {"hybrid": 2e-4}


@pytest.mark.parametrize("name", SYSTEMS)
@pytest.mark.parametrize("grouped", ["native", "split"])
def test_logits_are_those_of_timm(name: str, grouped: Grouped, tmp_path: Path):
    model, path = SYSTEMS[name], tmp_path / "weights.safetensors"
    with np.load(GOLDEN) as stored:
        images, logits, shapes = (stored[f"{name}.{part}"] for part in ("images", "logits", "shapes"))
    save_file(golden_weights(json.loads(str(shapes))), path)
    network = build(model, 5, images.shape[1], grouped=grouped)
    ours = jax.jit(lambda weights, images: network.apply(weights, images, None))(released(path, model), images)
    assert np.abs(ours - logits).max() < CLOSE.get(name, 2e-5) * np.abs(logits).max()


@pytest.mark.parametrize(("name", "padding"), [("nfnet", "symmetric"), ("nfnet_own", "same")])
def test_an_nfnet_that_pads_otherwise_is_refused(name: str, padding: Literal["same", "symmetric"], tmp_path: Path):
    with np.load(GOLDEN) as stored:
        shapes = json.loads(str(stored[f"{name}.shapes"]))
    save_file(golden_weights(shapes), tmp_path / "weights.safetensors")
    model = NFNet((1, 3), (256, 64), group_width=32, padding=padding)
    with pytest.raises(ReleasedError, match=r"write `padding \w+` in the model block"):
        released(tmp_path / "weights.safetensors", model)
