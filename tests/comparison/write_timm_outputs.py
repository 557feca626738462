"""Writes random weights, images and logits of timm's models, for `compare_timm_outputs.py`.

    python tests/comparison/write_timm_outputs.py FOLDER [NAME...] [--exact-gelu]

Needs torch and timm, but nothing of nfdsl. GELU is approximated by tanh, as in the code that the weights timm ports
were published with, or is exact, as timm has it.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import timm
import torch
from as_published import standardize_exactly, use_the_tanh_approximation
from safetensors.torch import save_file

IMAGES = 2
SIDES = {
    "dm_nfnet_f0": 128,
    "dm_nfnet_f1": 97,
    "nfnet_f0": 128,
    "nfnet_f7": 96,
    "vit_tiny_patch16_224": 224,
    "vit_small_patch16_224": 224,
    "vit_base_patch16_224": 224,
    "vit_base_patch32_224": 224,
    "vit_base_patch16_siglip_224": 224,
    "vit_base_r50_s16_224": 224,
    "vit_large_r50_s32_224": 224,
    "resnetv2_50x1_bit": 160,
    "resnetv2_50x3_bit": 97,
    "resnetv2_101x1_bit": 161,
}
CLASSES = 10


def write(folder: Path, name: str) -> None:
    torch.manual_seed(0)
    model = timm.create_model(name, num_classes=CLASSES).eval()
    standardize_exactly(model)
    images = torch.randn(IMAGES, 3, SIDES[name], SIDES[name])
    with torch.no_grad():
        for parameter in model.parameters():  # weights of zeros and ones would hide mistakes
            parameter.add_(0.05 * torch.randn_like(parameter))
        logits = model(images)
    save_file(model.state_dict(), folder / f"{name}.safetensors")
    np.savez(folder / f"{name}.npz", images=images.permute(0, 2, 3, 1).numpy(), logits=logits.numpy())
    count = sum(parameter.numel() for parameter in model.parameters())
    (folder / f"{name}.json").write_text(json.dumps({"parameters": count}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--exact-gelu", action="store_true")
    given = parser.parse_args()
    if not given.exact_gelu:
        use_the_tanh_approximation()
    given.folder.mkdir(parents=True, exist_ok=True)
    for each in given.names or SIDES:
        write(given.folder, each)
        print(each, flush=True)
