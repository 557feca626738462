"""A network of masked patches: what it sees, what it answers for, and what it has of a classifying one."""

from collections.abc import Callable
from functools import cache, partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nfdsl.schema.bit import ResNet
from nfdsl.schema.model import Model, NFNet
from nfdsl.schema.objectives import COLOURS, MaskedPatches
from nfdsl.schema.vit import Pool, ViT
from runtime.models.corruption import Corruption, corruption
from runtime.models.network import Network, build
from runtime.models.regularization import Regularization
from runtime.parameters import Layout, Parameters, in_classifier

VIT = partial(ViT, depth=2, width=16, mlp=24, heads=2, patch=4)
SIDE, IMAGES, PATCHES = 16, 3, 16
OBJECTIVE = MaskedPatches()
KEYS = jax.random.split(jax.random.key(1), IMAGES)
jit = partial(jax.jit, compiler_options={"xla_backend_optimization_level": 0})  # half the time to compile


def network(model: Model) -> Network:
    return build(model, 10, SIDE, grouped="split", objective=OBJECTIVE)


def shapes(of: Network) -> Parameters:
    return jax.eval_shape(of.initialize, jax.random.key(0))


def drawn(of: Network) -> Parameters:
    draws = np.random.default_rng(0)
    return jax.tree.map(lambda leaf: draws.normal(0.2, 0.3, leaf.shape).astype(np.float32), shapes(of))


def drawn_corruption() -> Corruption:
    return jit(lambda keys: corruption(keys, OBJECTIVE.corrupted, PATCHES))(KEYS)


def images() -> np.ndarray:
    return np.random.default_rng(1).normal(size=(IMAGES, SIDE, SIDE, 3)).astype(np.float32)


@cache
def compiled(model: Model) -> Callable[[Parameters, np.ndarray], jax.Array]:
    return jit(lambda *arguments: network(model).predict(*arguments, KEYS, None)[0])


def predicted(model: Model, parameters: Parameters, x: np.ndarray) -> np.ndarray:
    return np.asarray(compiled(model)(parameters, x))


def test_a_masked_patch_is_not_seen_and_any_other_is():
    """Its pixels change no answer, unless it stands in the place of another."""
    made, parameters = drawn_corruption(), drawn(network(VIT()))
    hidden = np.asarray(made.masked[0])
    shown = np.asarray(made.source[0])[~hidden]
    before = predicted(VIT(), parameters, images())
    for patch in range(PATCHES):
        x = images()
        row, column = divmod(patch, SIDE // 4)
        x[0, 4 * row : 4 * row + 4, 4 * column : 4 * column + 4] += 1
        change = np.abs(predicted(VIT(), parameters, x) - before)
        assert (change[0].max() > 1e-4) == (patch in shown)
        assert change[1:].max() == 0


@pytest.mark.parametrize("pool", ["token", "gap"])
def test_without_blocks_each_patch_answers_for_what_stands_in_its_place(pool: Pool):
    """The norm of mask or embedding plus the place's position, through the classifier: patches are in order."""
    parameters = drawn(network(VIT(pool=pool)))
    blocks = parameters["blocks"]
    for last in (blocks["attention"]["output"], blocks["mlp"]["contract"]):
        last.update(jax.tree.map(np.zeros_like, dict(last)))
    patches = images().reshape(IMAGES, 4, 4, 4, 4, 3).swapaxes(2, 3).reshape(IMAGES, PATCHES, 48)
    embedding = parameters["embedding"]
    embedded = patches @ embedding["patches"]["kernel"].reshape(48, 16) + embedding["patches"]["bias"]
    made = drawn_corruption()
    sources = np.take_along_axis(embedded, np.asarray(made.source)[..., None], axis=1)
    seen = np.where(made.masked[..., None], parameters["mask"], sources) + embedding["positions"].reshape(PATCHES, 16)
    normed = (seen - seen.mean(-1, keepdims=True)) / np.sqrt(seen.var(-1, keepdims=True) + 1e-6)
    tokens = normed * parameters["norm"]["gain"] + parameters["norm"]["bias"]
    expected = tokens @ parameters["classifier"]["kernel"] + parameters["classifier"]["bias"]
    np.testing.assert_allclose(predicted(VIT(pool=pool), parameters, images()), expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("pool", ["token", "gap", "map"])
def test_it_is_the_classifying_network_but_for_mask_predictor_and_what_nothing_would_train(pool: Pool):
    model = VIT(pool=pool, representation=8)
    of, classifying = network(model), build(model, 10, SIDE, grouped="split")
    body = {name: part for name, part in shapes(classifying).items() if name not in ("representation", "pooling")}
    assert shapes(of).keys() == {*body, "mask"}
    assert {name: part for name, part in shapes(of).items() if name not in ("mask", "classifier")} == {
        name: part for name, part in body.items() if name != "classifier"
    }
    assert shapes(of)["classifier"]["kernel"].shape == (16, COLOURS)
    assert of.layouts["mask"] == Layout(("out",), "bias", depth=0)
    assert {name for name, part in in_classifier(of.layouts).items() if any(jax.tree.leaves(part))} == {"classifier"}


def test_computes_in_bfloat16_and_answers_in_float32():
    of = network(VIT())
    parameters = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, jnp.bfloat16), shapes(of))
    x = jax.ShapeDtypeStruct((IMAGES, SIDE, SIDE, 3), jnp.bfloat16)
    program = jax.make_jaxpr(lambda *arguments: of.predict(*arguments, KEYS, Regularization(KEYS, 0.1, 0.1)))
    answer = program(parameters, x)
    assert [(aval.shape, aval.dtype) for aval in answer.out_avals] == [
        ((IMAGES, PATCHES, COLOURS), jnp.float32),
        ((IMAGES, PATCHES), jnp.float32),
    ]
    products = [line for line in str(answer).splitlines() if "dot_general[" in line]
    assert products
    assert all(":bf16[" in line for line in products)


@pytest.mark.parametrize(
    "model",
    [NFNet((1,), (8,), group_width=4), VIT(patch=8, backbone=ResNet((1, 2), (16, 32), norm_groups=2))],
    ids=["nfnet", "hybrid"],
)
def test_networks_without_patches_of_the_image_are_refused(model: Model):
    with pytest.raises(ValueError, match="only a vision transformer without a backbone has patches"):
        network(model)
