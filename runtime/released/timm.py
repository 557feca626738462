"""The names of timm's models: ``[dm_]nfnet_f*``, ``vit_*`` and ``resnetv2_*`` (huggingface/pytorch-image-models)."""

from collections.abc import Collection
from functools import partial
from typing import assert_never

import numpy as np

from nfdsl.schema.bit import BiT, ResNet
from nfdsl.schema.model import Model, NFNet
from nfdsl.schema.vit import ViT
from runtime.models.activation import GAINS
from runtime.released.files import ReleasedError
from runtime.released.source import Source, Tree, first, grid, stacked, tensor


def named(model: Model, names: Collection[str]) -> Tree:
    """Returns the source of every parameter of a network, in a file that has these names.

    Raises:
      ReleasedError: the file's network pads images otherwise.
    """
    match model:
        case NFNet():
            return _nfnet(model, is_own=_is_own(names, model))
        case ViT():
            return _vit(model)
        case BiT():
            return _bit(model)
        case _:
            assert_never(model)


def _is_own(names: Collection[str], model: NFNet) -> bool:
    """Returns whether a file is of one of timm's own variants of NFNets: they have no skip gains, and pad otherwise."""
    is_own = "stages.0.0.conv1.gain" in names and not any(name.endswith(".skipinit_gain") for name in names)
    padding = "symmetric" if is_own else "same"
    if model.padding != padding:
        variant = "timm's own `nfnet_f*`, without skip gains," if is_own else "the published ones"
        raise ReleasedError(f"the NFNet of the file is one of {variant}: write `padding {padding}` in the model block")
    return is_own


def _nfnet(model: NFNet, *, is_own: bool) -> Tree:
    # timm's own multiply kernels by the gain of the activation, rather than what the activation gives. Where none is
    # before a convolution, the convolution's own gain must do it; the last one's is taken back from the classifier.
    gain = GAINS[model.activation] if is_own else 1.0
    stem = {f"conv{index}": _scaled(f"stem.conv{index + 1}") for index in range(4)}
    return {
        "stem": {**stem, "conv0": _scaled("stem.conv1", gain)},
        "stages": {
            f"stage{stage + 1}": _stage([_nfnet_block(model, stage, block, is_own=is_own) for block in range(depth)])
            for stage, depth in enumerate(model.depth)
        },
        "final_conv": _scaled("final_conv", gain),
        "classifier": _linear("head.fc", 1 / gain),
    }


def _nfnet_block(model: NFNet, stage: int, block: int, *, is_own: bool) -> Tree:
    name = f"stages.{stage}.{block}"
    convolutions = ("conv1", "conv2", "conv2b", "conv3")
    found: Tree = {f"conv{index}": _scaled(f"{name}.{theirs}") for index, theirs in enumerate(convolutions)}
    found["squeeze_excite"] = {"squeeze": _linear(f"{name}.attn_last.fc1"), "excite": _linear(f"{name}.attn_last.fc2")}
    found["skip_gain"] = Source((), partial(np.ones, ())) if is_own else tensor(f"{name}.skipinit_gain")
    inputs = (model.stem_widths[-1], *model.width)
    if block == 0 and (model.stage_strides[stage] > 1 or inputs[stage] != model.width[stage]):
        found["shortcut"] = _scaled(f"{name}.downsample.conv")
    return found


def _vit(model: ViT) -> Tree:
    found = {
        "embedding": _embedding(model),
        "blocks": stacked([_vit_block(f"blocks.{block}") for block in range(model.depth)]),
        "norm": _norm("norm"),
        "classifier": _linear("head"),
    }
    if model.pool == "map":
        found["pooling"] = _attention_pooling("attn_pool")
    if model.representation is not None:
        found["representation"] = _linear("pre_logits.fc")
    if model.backbone is not None:
        found["backbone"] = _backbone(model.backbone, "patch_embed.backbone")
    return found


def _embedding(model: ViT) -> Tree:
    found: Tree = {"patches": {"kernel": _kernel("patch_embed.proj"), "bias": tensor("patch_embed.proj.bias")}}
    if model.positions == "learned":
        found["positions"] = tensor("pos_embed", grid)
    if model.pool == "token":
        found["class_token"] = tensor("cls_token", np.ravel)
    if model.pool == "token" and model.positions == "learned":
        found["class_position"] = tensor("pos_embed", first)
    return found


def _vit_block(name: str) -> Tree:
    parts = {part: _part(f"{name}.attn.qkv", index, 3) for index, part in enumerate(("query", "key", "value"))}
    return {
        "attention_norm": _norm(f"{name}.norm1"),
        "attention": {**parts, "output": _linear(f"{name}.attn.proj")},
        "mlp_norm": _norm(f"{name}.norm2"),
        "mlp": _mlp(f"{name}.mlp"),
    }


def _attention_pooling(name: str) -> Tree:
    return {
        "query": tensor(f"{name}.latent", np.ravel),
        "attention": {
            "query": _linear(f"{name}.q"),
            "key": _part(f"{name}.kv", 0, 2),
            "value": _part(f"{name}.kv", 1, 2),
            "output": _linear(f"{name}.proj"),
        },
        "norm": _norm(f"{name}.norm"),
        "mlp": _mlp(f"{name}.mlp"),
    }


def _mlp(name: str) -> Tree:
    return {"expand": _linear(f"{name}.fc1"), "contract": _linear(f"{name}.fc2")}


def _part(name: str, index: int, parts: int) -> Tree:
    """Returns one of several affine maps of the same input that are one in the file."""

    def part(array: np.ndarray) -> np.ndarray:
        return np.split(array, parts)[index].T

    return {"kernel": tensor(f"{name}.weight", part), "bias": tensor(f"{name}.bias", part)}


def _bit(model: BiT) -> Tree:
    return {
        "root": {"kernel": _kernel("stem.conv")},
        "stages": _stages(model, "stages", partial(_bottleneck, numbers=range(1, 4))),
        "norm": _norm("norm"),
        "classifier": _linear("head.fc"),
    }


def _backbone(model: ResNet, name: str) -> Tree:
    return {
        "root": {"kernel": _kernel(f"{name}.stem.conv")},
        "norm": _norm(f"{name}.stem.norm"),
        "stages": _stages(model, f"{name}.stages", partial(_bottleneck, numbers=range(1, 4))),
    }


def _stages(model: BiT | ResNet, name: str, block: "partial[Tree]") -> Tree:
    is_first_version = isinstance(model, ResNet)
    found: Tree = {}
    for stage, depth in enumerate(model.depth):
        blocks = [block(f"{name}.{stage}.blocks.{index}") for index in range(depth)]
        blocks[0]["shortcut"] = {"kernel": _kernel(f"{name}.{stage}.blocks.0.downsample.conv")}
        if is_first_version:
            blocks[0]["shortcut_norm"] = _norm(f"{name}.{stage}.blocks.0.downsample.norm")
        found[f"stage{stage + 1}"] = _stage(blocks)
    return found


def _bottleneck(name: str, numbers: range) -> Tree:
    convolutions = {f"conv{number - 1}": {"kernel": _kernel(f"{name}.conv{number}")} for number in numbers}
    return convolutions | {f"norm{number - 1}": _norm(f"{name}.norm{number}") for number in numbers}


def _stage(blocks: list[Tree]) -> Tree:
    return {"first": blocks[0]} | ({"blocks": stacked(blocks[1:])} if len(blocks) > 1 else {})


def _scaled(name: str, times: float = 1.0) -> Tree:
    return {
        "kernel": _kernel(name),
        "gain": tensor(f"{name}.gain", lambda array: array.ravel() * times),
        "bias": tensor(f"{name}.bias"),
    }


def _kernel(name: str) -> Source:
    """A convolution's, [O, I, H, W] in the file."""
    return tensor(f"{name}.weight", lambda array: array.transpose(2, 3, 1, 0))


def _linear(name: str, times: float = 1.0) -> Tree:
    """An affine map, which may be a 1x1 convolution in the file."""
    kernel = tensor(f"{name}.weight", lambda array: array.reshape(array.shape[:2]).T * times)
    return {"kernel": kernel, "bias": tensor(f"{name}.bias")}


def _norm(name: str) -> Tree:
    return {"gain": tensor(f"{name}.weight"), "bias": tensor(f"{name}.bias")}
