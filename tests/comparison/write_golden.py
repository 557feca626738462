"""Writes `tests/data/timm_tiny.npz`: logits of tiny networks of timm, whose weights are functions of their names.

    python tests/comparison/write_golden.py

Needs torch and timm, but nothing of nfdsl.
"""

import json
import sys
from functools import partial
from pathlib import Path

import numpy as np
import torch
from timm.layers import StdConv2d, StdConv2dSame
from timm.models.nfnet import NfCfg, NormFreeNet
from timm.models.resnetv2 import ResNetV2
from timm.models.vision_transformer import VisionTransformer
from timm.models.vision_transformer_hybrid import HybridEmbed

sys.path.insert(0, str(Path(__file__).parents[1]))
from comparison.as_published import standardize_exactly, use_the_tanh_approximation
from golden_weights import golden_weights

KEPT = Path(__file__).parents[1] / "data" / "timm_tiny.npz"
SIDES = {"nfnet": 45, "nfnet_own": 44, "vit": 32, "vit_map": 32, "hybrid": 32, "bit": 37}
TINY = {"embed_dim": 32, "depth": 3, "num_heads": 4, "mlp_ratio": 2, "num_classes": 5, "img_size": 32}


def nfnet(**published: bool) -> torch.nn.Module:
    """Returns timm's own variant, or with all of these settings the published one."""
    shape = NfCfg(
        depths=(1, 3),
        channels=(256, 64),
        stem_type="deep_quad",
        stem_chs=128,
        group_size=32,
        bottle_ratio=0.5,
        extra_conv=True,
        num_features=128,
        act_layer="gelu",
        attn_layer="se",
        attn_kwargs={"rd_ratio": 0.5, "rd_divisor": 1},
        **published,
    )
    return NormFreeNet(shape, num_classes=5)


def system(name: str) -> torch.nn.Module:
    match name:
        case "nfnet":
            return nfnet(gamma_in_act=True, same_padding=True, skipinit=True)
        case "nfnet_own":
            return nfnet()
        case "vit":
            return VisionTransformer(patch_size=8, **TINY)
        case "vit_map":
            return VisionTransformer(patch_size=8, class_token=False, global_pool="map", **TINY)
        case "hybrid":
            convolution = partial(StdConv2dSame, eps=1e-8)
            shape = {"layers": (1, 2), "channels": (128, 256), "stem_chs": 32}
            backbone = ResNetV2(
                **shape, num_classes=0, global_pool="", preact=False, stem_type="same", conv_layer=convolution
            )
            return VisionTransformer(patch_size=1, embed_layer=partial(HybridEmbed, backbone=backbone), **TINY)
        case "bit":
            convolution = partial(StdConv2d, eps=1e-8)
            shape = {"layers": (1, 3), "channels": (128, 256), "stem_chs": 32}
            return ResNetV2(**shape, num_classes=5, preact=True, stem_type="fixed", conv_layer=convolution)
    raise ValueError(name)


def main() -> None:
    use_the_tanh_approximation()
    kept: dict[str, np.ndarray] = {}
    for name, side in SIDES.items():
        model = system(name).eval()
        standardize_exactly(model)
        shapes = {key: list(value.shape) for key, value in model.state_dict().items()}
        weights = golden_weights(shapes)
        model.load_state_dict({key: torch.from_numpy(value) for key, value in weights.items()})
        images = np.random.RandomState(0).standard_normal((2, side, side, 3)).astype(np.float32)
        with torch.no_grad():
            kept[f"{name}.logits"] = model(torch.from_numpy(images).permute(0, 3, 1, 2)).numpy()
        kept[f"{name}.images"] = images
        kept[f"{name}.shapes"] = np.array(json.dumps(shapes))
    np.savez_compressed(KEPT, **kept)


if __name__ == "__main__":
    main()
