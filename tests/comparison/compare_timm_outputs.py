"""Compares logits, parameters and their number with what `write_timm_outputs.py` wrote.

python tests/comparison/compare_timm_outputs.py FOLDER [NAME...] [--exact-gelu]

With the option transformers, which alone have both, compute an exact GELU, as timm must then have done too.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path

import jax
import numpy as np

from nfdsl.cost.network import parameters
from nfdsl.schema.bit import BiT, ResNet
from nfdsl.schema.model import Model, NFNet
from nfdsl.schema.vit import Gelu, ViT
from runtime.models.network import build
from runtime.released.weights import released

TI, S = {"depth": 12, "width": 192, "mlp": 768, "heads": 3}, {"depth": 12, "width": 384, "mlp": 1536, "heads": 6}
B, L = {"depth": 12, "width": 768, "mlp": 3072, "heads": 12}, {"depth": 24, "width": 1024, "mlp": 4096, "heads": 16}
NFNET_WIDTH, R50, R50_WIDTH = (256, 512, 1536, 1536), (3, 4, 6, 3), (256, 512, 1024, 2048)
MODELS: dict[str, Model] = {
    "dm_nfnet_f0": NFNet((1, 2, 6, 3), NFNET_WIDTH),
    "dm_nfnet_f1": NFNet((2, 4, 12, 6), NFNET_WIDTH),
    "nfnet_f0": NFNet((1, 2, 6, 3), NFNET_WIDTH, padding="symmetric"),
    "nfnet_f7": NFNet((8, 16, 48, 24), NFNET_WIDTH, padding="symmetric"),
    "vit_tiny_patch16_224": ViT(**TI, patch=16),
    "vit_small_patch16_224": ViT(**S, patch=16),
    "vit_base_patch16_224": ViT(**B, patch=16),
    "vit_base_patch32_224": ViT(**B, patch=32),
    "vit_base_patch16_siglip_224": ViT(**B, patch=16, pool="map"),
    "vit_base_r50_s16_224": ViT(**B, patch=16, backbone=ResNet()),
    "vit_large_r50_s32_224": ViT(**L, patch=32, backbone=ResNet(R50, R50_WIDTH)),
    "resnetv2_50x1_bit": BiT(R50, R50_WIDTH),
    "resnetv2_50x3_bit": BiT(R50, (768, 1536, 3072, 6144)),
    "resnetv2_101x1_bit": BiT((3, 4, 23, 3), R50_WIDTH),
}


def compare(folder: Path, name: str, gelu: Gelu) -> str:
    model, stored = MODELS[name], np.load(folder / f"{name}.npz")
    model = replace(model, gelu=gelu) if isinstance(model, ViT) else model
    weights = released(folder / f"{name}.safetensors", model)
    side, classes = stored["images"].shape[1], stored["logits"].shape[1]
    network = build(model, classes, side, grouped="native")
    logits = jax.jit(lambda weights, images: network.apply(weights, images, None))(weights, stored["images"])
    error = float(np.abs(logits - stored["logits"]).max() / np.abs(stored["logits"]).max())
    counted, theirs = parameters(model, classes, side), json.loads((folder / f"{name}.json").read_text())["parameters"]
    agree = "the same" if counted == theirs else f"{counted:,}, not {theirs:,}"
    return f"{name:28} largest difference over largest logit {error:.1e}; parameters {agree}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--exact-gelu", action="store_true")
    given = parser.parse_args()
    for each in given.names or MODELS:
        print(compare(given.folder, each, "exact" if given.exact_gelu else "tanh"), flush=True)
