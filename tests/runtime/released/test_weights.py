"""Files of published weights: what fits is read whatever its form, and what does not is refused by name and shape."""

from collections.abc import Iterator
from pathlib import Path

import jax
import numpy as np
import pytest

from nfdsl.schema.bit import BiT, ResNet
from nfdsl.schema.model import Model, NFNet
from nfdsl.schema.vit import ViT
from runtime.models.network import build
from runtime.parameters import Parameters
from runtime.released.files import ReleasedError
from runtime.released.weights import released

TINY = {"depth": 2, "width": 8, "mlp": 12, "heads": 2, "patch": 4}
VIT = ViT(**TINY, representation=8)


def drawn(model: Model, resolution: int = 12) -> Parameters:
    """Returns parameters that are all different, of a network of 3 classes."""
    shapes = jax.eval_shape(build(model, 3, resolution, grouped="native").initialize, jax.random.key(0))
    draws = np.random.default_rng(0)
    return jax.tree.map(lambda leaf: draws.normal(size=leaf.shape).astype(np.float32), shapes)


def in_the_vit_paper_s_names(parameters: Parameters, depth: int, heads: int) -> Iterator[tuple[str, np.ndarray]]:
    """Yields tensors as `vit_jax/models_vit.py` saves them: the inverse of what is tested, written independently."""
    embedding, width = parameters["embedding"], parameters["norm"]["gain"].size
    yield "embedding/kernel", embedding["patches"]["kernel"]
    yield "embedding/bias", embedding["patches"]["bias"]
    yield "cls", embedding["class_token"].reshape(1, 1, -1)
    tokens = np.concatenate([embedding["class_position"][None], embedding["positions"].reshape(-1, width)])
    yield "Transformer/posembed_input/pos_embedding", tokens[None]
    for block in range(depth):
        layer, name = jax.tree.map(lambda leaf, b=block: leaf[b], parameters["blocks"]), f"encoderblock_{block}"
        for part, theirs in (("attention_norm", "LayerNorm_0"), ("mlp_norm", "LayerNorm_2")):
            yield f"Transformer/{name}/{theirs}/scale", layer[part]["gain"]
            yield f"Transformer/{name}/{theirs}/bias", layer[part]["bias"]
        attention = f"Transformer/{name}/MultiHeadDotProductAttention_1"
        for part in ("query", "key", "value"):
            yield f"{attention}/{part}/kernel", layer["attention"][part]["kernel"].reshape(width, heads, -1)
            yield f"{attention}/{part}/bias", layer["attention"][part]["bias"].reshape(heads, -1)
        yield f"{attention}/out/kernel", layer["attention"]["output"]["kernel"].reshape(heads, -1, width)
        yield f"{attention}/out/bias", layer["attention"]["output"]["bias"]
        for number, part in enumerate(("expand", "contract")):
            yield f"Transformer/{name}/MlpBlock_3/Dense_{number}/kernel", layer["mlp"][part]["kernel"]
            yield f"Transformer/{name}/MlpBlock_3/Dense_{number}/bias", layer["mlp"][part]["bias"]
    yield "Transformer/encoder_norm/scale", parameters["norm"]["gain"]
    yield "Transformer/encoder_norm/bias", parameters["norm"]["bias"]
    for part, theirs in (("representation", "pre_logits"), ("classifier", "head")):
        yield f"{theirs}/kernel", parameters[part]["kernel"]
        yield f"{theirs}/bias", parameters[part]["bias"]


@pytest.fixture
def tensors() -> dict[str, np.ndarray]:
    return dict(in_the_vit_paper_s_names(drawn(VIT), 2, 2))


def assert_same(left: Parameters, right: Parameters) -> None:
    jax.tree.map(np.testing.assert_array_equal, left, right)


@pytest.mark.parametrize("prefix", ["", "opt/target/", "params/"])
def test_a_vit_of_the_paper_s_own_code(tensors: dict[str, np.ndarray], tmp_path: Path, prefix: str):
    step = {} if not prefix else {"opt/state/step": np.zeros(())}
    np.savez(tmp_path / "vit.npz", **{prefix + name: value for name, value in tensors.items()}, **step)
    assert_same(released(tmp_path / "vit.npz", VIT), drawn(VIT))


def test_big_vision_s_scanned_blocks_and_positions_of_patches_alone(tensors: dict[str, np.ndarray], tmp_path: Path):
    wanted = drawn(VIT)
    wanted["embedding"]["class_position"] = np.zeros(8, np.float32)
    renamed = {"MultiHeadDotProductAttention_1": "MultiHeadDotProductAttention_0", "LayerNorm_2": "LayerNorm_1"}
    renamed["MlpBlock_3"] = "MlpBlock_0"
    file: dict[str, np.ndarray] = {}
    for name, value in tensors.items():
        for old, new in renamed.items():
            name = name.replace(old, new)
        if "encoderblock_0" in name:
            other = tensors[next(n for n in tensors if n == _old(name, renamed).replace("block_0", "block_1"))]
            file[name.replace("encoderblock_0", "encoderblock")] = np.stack([value, other])
        elif "encoderblock_1" not in name:
            file[name] = value
    file["pos_embedding"] = file.pop("Transformer/posembed_input/pos_embedding")[:, 1:]
    np.savez(tmp_path / "vit.npz", **file)
    assert_same(released(tmp_path / "vit.npz", VIT), wanted)


def _old(name: str, renamed: dict[str, str]) -> str:
    for old, new in renamed.items():
        name = name.replace(new, old)
    return name


def test_what_a_fine_tune_has_no_use_for_may_be_there_or_not(tensors: dict[str, np.ndarray], tmp_path: Path):
    np.savez(tmp_path / "with.npz", **tensors)
    without = {name: value for name, value in tensors.items() if not name.startswith("head")}
    np.savez(tmp_path / "without.npz", **without)
    plain = ViT(**TINY)
    with_head, headless = released(tmp_path / "without.npz", VIT), released(tmp_path / "with.npz", plain)
    assert with_head["classifier"] == {"kernel": None, "bias": None}
    assert "representation" not in headless


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda file: file.pop("cls"), r"lacks cls$"),
        (lambda file: file.update(strange=np.zeros(2)), r"has strange, for which this model has no place"),
        (
            lambda file: file.update({"embedding/kernel": np.zeros((8, 8, 3, 8))}),
            r"embedding/kernel is \[8, 8, 3, 8\], which makes \[8, 8, 3, 8\] where the model has \[4, 4, 3, 8\]",
        ),
        (
            lambda file: file.update({"Transformer/encoderblock_1/MlpBlock_3/Dense_0/bias": np.zeros(13)}),
            r"encoderblock_1/MlpBlock_3/Dense_0/bias is \[13\], of which no \[2, 12\] can be made",
        ),
    ],
    ids=["missing", "strange", "shape", "one layer"],
)
def test_files_that_do_not_fit_are_refused_with_names_and_shapes(
    tensors: dict[str, np.ndarray], tmp_path: Path, change, said: str
):
    change(tensors)
    np.savez(tmp_path / "vit.npz", **tensors)
    with pytest.raises(ReleasedError, match=said):
        released(tmp_path / "vit.npz", VIT)


def test_a_file_of_another_network_is_refused(tensors: dict[str, np.ndarray], tmp_path: Path):
    np.savez(tmp_path / "vit.npz", **tensors)
    with pytest.raises(ReleasedError, match="NFNet"):
        released(tmp_path / "vit.npz", NFNet((1,), (8,)))
    with pytest.raises(ReleasedError, match=r"lacks .* and .* more"):
        released(tmp_path / "vit.npz", BiT((1,), (128,)))


def test_files_that_cannot_be_read_are_refused(tmp_path: Path):
    (tmp_path / "torn.safetensors").write_bytes(b"\xff" * 5)
    (tmp_path / "torn.npz").write_bytes(b"PK\x03\x04 torn")
    np.savez(tmp_path / "pickled.npz", cls=np.array([{}], object))
    (tmp_path / "weights.pth").write_bytes(b"\x80\x04.")
    for name, said in (
        ("torn.safetensors", "cannot be read"),
        ("torn.npz", "cannot be read"),
        ("pickled.npz", "cannot be read"),
        ("weights.pth", "may run code"),
        ("absent.npz", "no file"),
    ):
        with pytest.raises(ReleasedError, match=said):
            released(tmp_path / name, VIT)


def test_resnets_in_both_codes_names(tmp_path: Path):
    """A hybrid of the ViT paper's code, and a BiT of big_vision's."""
    convolutions = {"conv0": "conv1", "conv1": "conv2", "conv2": "conv3", "shortcut": "conv_proj"}
    norms = {"norm0": "gn1", "norm1": "gn2", "norm2": "gn3", "shortcut_norm": "gn_proj"}

    def blocks(stages: Parameters, unit: str) -> Iterator[tuple[str, np.ndarray]]:
        for stage, content in stages.items():
            layers = [content["first"]]
            if "blocks" in content:
                count = content["blocks"]["conv0"]["kernel"].shape[0]
                layers += [jax.tree.map(lambda leaf, n=n: leaf[n], content["blocks"]) for n in range(count)]
            for number, layer in enumerate(layers, start=1):
                name = f"block{stage[-1]}/{unit.format(number)}"
                yield from (
                    (f"{name}/{convolutions[k]}/kernel", v["kernel"]) for k, v in layer.items() if k in convolutions
                )
                for ours, theirs in norms.items():
                    if ours in layer:
                        yield f"{name}/{theirs}/scale", layer[ours]["gain"].reshape(1, 1, 1, -1)
                        yield f"{name}/{theirs}/bias", layer[ours]["bias"]

    bit = BiT((1, 2), (32, 64), norm_groups=4)
    wanted = drawn(bit)
    file = dict(blocks(wanted["stages"], "unit{:02d}"))
    file |= {"root_block/conv_root/kernel": wanted["root"]["kernel"]}
    file |= {"norm-pre-head/scale": wanted["norm"]["gain"], "norm-pre-head/bias": wanted["norm"]["bias"]}
    file |= {"head/kernel": wanted["classifier"]["kernel"], "head/bias": wanted["classifier"]["bias"]}
    np.savez(tmp_path / "bit.npz", **file)
    assert_same(released(tmp_path / "bit.npz", bit), wanted)

    hybrid = ViT(**{**TINY, "patch": 8}, backbone=ResNet((2, 2), (32, 64), norm_groups=4), representation=8)
    wanted = drawn(hybrid, 16)
    file = dict(in_the_vit_paper_s_names(wanted, 2, 2)) | dict(blocks(wanted["backbone"]["stages"], "unit{}"))
    file |= {"conv_root/kernel": wanted["backbone"]["root"]["kernel"]}
    file |= {"gn_root/scale": wanted["backbone"]["norm"]["gain"], "gn_root/bias": wanted["backbone"]["norm"]["bias"]}
    np.savez(tmp_path / "hybrid.npz", **file)
    assert_same(released(tmp_path / "hybrid.npz", hybrid), wanted)
