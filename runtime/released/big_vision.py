"""The names of ViT's and BiT's own code: google-research/{vision_transformer,big_vision}."""

from collections.abc import Callable, Container
from typing import assert_never

import numpy as np

from nfdsl.schema.bit import BiT, ResNet
from nfdsl.schema.model import Model, NFNet
from nfdsl.schema.vit import ViT
from runtime.released.files import ReleasedError
from runtime.released.source import Source, Tree, first, grid, stacked, tensor

# The parts of a transformer block: numbered one by one in the code of the ViT paper, kind by kind in big_vision.
_OLD = ("LayerNorm_0", "MultiHeadDotProductAttention_1", "LayerNorm_2", "MlpBlock_3")
_NEW = ("LayerNorm_0", "MultiHeadDotProductAttention_0", "LayerNorm_1", "MlpBlock_0")
_POSITIONS = ("pos_embedding", "Transformer/posembed_input/pos_embedding", "Transformer/pos_embedding")


def named(model: Model, names: Container[str]) -> Tree:
    """Returns the source of every parameter of a network, in a file that has these names.

    Raises:
      ReleasedError: such files hold no networks of this family.
    """
    match model:
        case ViT():
            return _vit(model, names)
        case BiT():
            return _bit(model)
        case NFNet():
            raise ReleasedError("weights of an NFNet are read from a .safetensors file with timm's names")
        case _:
            assert_never(model)


def _vit(model: ViT, names: Container[str]) -> Tree:
    blocks = [_block(f"Transformer/encoderblock_{block}", names) for block in range(model.depth)]
    scanned = "Transformer/encoderblock/LayerNorm_0/scale" in names
    found: Tree = {
        "embedding": _embedding(model, names),
        "blocks": _scanned(names) if scanned else stacked(blocks),
        "norm": _norm("Transformer/encoder_norm"),
        "classifier": _linear("head"),
    }
    if model.pool == "map":
        found["pooling"] = _attention_pooling("MAPHead_0")
    if model.representation is not None:
        found["representation"] = _linear("pre_logits")
    if model.backbone is not None:
        found["backbone"] = _backbone(model.backbone)
    return found


def _embedding(model: ViT, names: Container[str]) -> Tree:
    positions = next((name for name in _POSITIONS if name in names), _POSITIONS[0])
    found: Tree = {"patches": _linear("embedding")}
    if model.positions == "learned":
        found["positions"] = tensor(positions, grid)
    if model.pool == "token":
        found["class_token"] = tensor("cls", np.ravel)
    if model.pool == "token" and model.positions == "learned":
        found["class_position"] = tensor(positions, first)
    return found


def _block(name: str, names: Container[str]) -> Tree:
    parts = _OLD if f"{name}/{_OLD[1]}/query/kernel" in names else _NEW
    attention_norm, attention, mlp_norm, mlp = (f"{name}/{part}" for part in parts)
    return {
        "attention_norm": _norm(attention_norm),
        "attention": _attention(attention),
        "mlp_norm": _norm(mlp_norm),
        "mlp": _mlp(mlp),
    }


def _scanned(names: Container[str]) -> Tree:
    """Returns the blocks of a file whose tensors have a leading layer axis."""
    return _each_layer(_block("Transformer/encoderblock", names))


def _each_layer(tree: Tree) -> Tree:
    return {name: _each_layer(part) if isinstance(part, dict) else _layers(part) for name, part in tree.items()}


def _layers(source: Source) -> Source:
    def arrange(arrays: np.ndarray) -> np.ndarray:
        return np.stack([source.arrange(array) for array in arrays])

    return Source(source.names, arrange)


def _attention_pooling(name: str) -> Tree:
    return {
        "query": tensor(f"{name}/probe", np.ravel),
        "attention": _attention(f"{name}/MultiHeadDotProductAttention_0"),
        "norm": _norm(f"{name}/LayerNorm_0"),
        "mlp": _mlp(f"{name}/MlpBlock_0"),
    }


def _attention(name: str) -> Tree:
    """Attention whose kernels are [C, H, D], of the outputs [H, D, C]."""
    inputs = {part: _linear(f"{name}/{part}", _heads_last, np.ravel) for part in ("query", "key", "value")}
    return {**inputs, "output": _linear(f"{name}/out", _heads_first)}


def _heads_last(kernel_CxHxD: np.ndarray) -> np.ndarray:
    return kernel_CxHxD.reshape(kernel_CxHxD.shape[0], -1)


def _heads_first(kernel_HxDxC: np.ndarray) -> np.ndarray:
    return kernel_HxDxC.reshape(-1, kernel_HxDxC.shape[2])


def _mlp(name: str) -> Tree:
    return {"expand": _linear(f"{name}/Dense_0"), "contract": _linear(f"{name}/Dense_1")}


def _bit(model: BiT) -> Tree:
    return {
        "root": {"kernel": tensor("root_block/conv_root/kernel")},
        "stages": _stages(model, "unit{:02d}"),
        "norm": _norm("norm-pre-head"),
        "classifier": _linear("head"),
    }


def _backbone(model: ResNet) -> Tree:
    return {
        "root": {"kernel": tensor("conv_root/kernel")},
        "norm": _norm("gn_root"),
        "stages": _stages(model, "unit{}"),
    }


def _stages(model: BiT | ResNet, unit: str) -> Tree:
    found: Tree = {}
    for stage, depth in enumerate(model.depth, start=1):
        units = [f"block{stage}/{unit.format(number)}" for number in range(1, depth + 1)]
        blocks = [_bottleneck(name) for name in units]
        blocks[0]["shortcut"] = {"kernel": tensor(f"{units[0]}/conv_proj/kernel")}
        if isinstance(model, ResNet):
            blocks[0]["shortcut_norm"] = _norm(f"{units[0]}/gn_proj")
        found[f"stage{stage}"] = {"first": blocks[0]} | ({"blocks": stacked(blocks[1:])} if depth > 1 else {})
    return found


def _bottleneck(name: str) -> Tree:
    convolutions = {f"conv{number - 1}": {"kernel": tensor(f"{name}/conv{number}/kernel")} for number in range(1, 4)}
    return convolutions | {f"norm{number - 1}": _norm(f"{name}/gn{number}") for number in range(1, 4)}


def _linear(
    name: str,
    kernel: Callable[[np.ndarray], np.ndarray] = np.asarray,
    bias: Callable[[np.ndarray], np.ndarray] = np.asarray,
) -> Tree:
    return {"kernel": tensor(f"{name}/kernel", kernel), "bias": tensor(f"{name}/bias", bias)}


def _norm(name: str) -> Tree:
    return {"gain": tensor(f"{name}/scale", np.ravel), "bias": tensor(f"{name}/bias", np.ravel)}
