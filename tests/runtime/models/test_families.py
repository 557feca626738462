"""What transformers and residual networks promise alike: layouts, dtypes, noise, scanned blocks, any resolution."""

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nfdsl.schema.bit import BiT, ResNet
from nfdsl.schema.model import Model
from nfdsl.schema.vit import ViT
from runtime.models.bottleneck import PreactivatedBottleneck
from runtime.models.network import Network, build
from runtime.models.place import Place
from runtime.models.regularization import Regularization
from runtime.models.vit import Block
from runtime.parameters import Layout, Parameters

VIT = partial(ViT, depth=3, width=16, mlp=24, heads=2, patch=8)
MODELS: dict[str, Model] = {
    "token": VIT(representation=6),
    "gap": VIT(pool="gap", positions="sincos", gelu="exact"),
    "map": VIT(pool="map"),
    "hybrid": VIT(backbone=ResNet((1, 2), (16, 32), norm_groups=2)),
    "bit": BiT((2, 3), (16, 32), norm_groups=2),
}
SIDE, CLASSES = 16, 3
every_family = pytest.mark.parametrize("name", MODELS)
jit = partial(jax.jit, compiler_options={"xla_backend_optimization_level": 0})  # half the time to compile


def network(name: str, *, unroll: bool = False) -> Network:
    return build(MODELS[name], CLASSES, SIDE, grouped="split", unroll=unroll)


def drawn(of: Network) -> Parameters:
    """Returns parameters in which nothing is 0, as a classifier is at first."""
    draws = np.random.default_rng(0)
    shapes = jax.eval_shape(of.initialize, jax.random.key(0))
    return jax.tree.map(lambda leaf: draws.normal(0.2, 0.3, leaf.shape).astype(np.float32), shapes)


def images(side: int = SIDE) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(4, side, side, 3)).astype(np.float32)


def noise(rate: float) -> Regularization:
    return Regularization(jax.random.split(jax.random.key(1), 4), rate, rate)


@every_family
def test_layouts_name_every_axis_of_every_parameter(name: str):
    of = network(name)
    shapes = jax.eval_shape(of.initialize, jax.random.key(0))
    layouts = jax.tree.leaves_with_path(of.layouts)
    for (path, layout), array in zip(layouts, jax.tree.leaves(shapes), strict=True):
        assert isinstance(layout, Layout), path
        assert len(layout.axes) == len(set(layout.axes)) == array.ndim, path
        assert ("layer" in layout.axes) == any(key.key == "blocks" for key in path), path
    roles = [layout.role for _, layout in layouts]
    assert roles.count("head") == 1
    assert roles.count("position") == (name in ("token", "map", "hybrid"))


@pytest.mark.parametrize(
    ("name", "depths"),
    [
        ("token", {"embedding": {0}, "blocks": {1}, "norm": {4}, "representation": {4}, "classifier": {4}}),
        ("map", {"embedding": {0}, "blocks": {1}, "norm": {4}, "pooling": {4}, "classifier": {4}}),
        ("hybrid", {"backbone": {0}, "embedding": {0}, "blocks": {1}, "norm": {4}, "classifier": {4}}),
        ("bit", {"root": {0}, "stages": {1, 2, 3, 4}, "norm": {6}, "classifier": {6}}),
    ],
)
def test_depths_count_blocks(name: str, depths: dict[str, set[int]]):
    """Of a stack that of its first block."""
    layouts = network(name).layouts
    assert {part: {layout.depth for layout in jax.tree.leaves(layouts[part])} for part in layouts} == depths


@pytest.mark.parametrize("name", ["token", "hybrid", "bit"])
def test_scanned_equals_unrolled_with_noise_and_gradients(name: str):
    scanned, unrolled = network(name), network(name, unroll=True)
    parameters = drawn(scanned)

    def loss(of: Network, parameters: Parameters) -> jax.Array:
        return jnp.sum(jnp.sin(of.apply(parameters, images(), noise(0.3))))

    one, two = (jit(jax.value_and_grad(partial(loss, of)))(parameters) for of in (scanned, unrolled))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-3, atol=2e-5), one, two)


@pytest.mark.parametrize("name", ["token", "bit"])
def test_an_image_s_logits_do_not_depend_on_its_place_in_the_batch(name: str):
    of, order = network(name), np.array([2, 0, 3, 1])
    apply = jit(of.apply)
    logits = apply(drawn(of), images(), noise(0.4))
    reordered = apply(drawn(of), images()[order], Regularization(noise(0.4).keys[order], 0.4, 0.4))
    np.testing.assert_allclose(reordered, logits[order], rtol=1e-4, atol=1e-5)
    without = apply(drawn(of), images(), noise(0.0))
    for depth, dropout in ((0.8, 0.0), (0.0, 0.4)):
        noisy = apply(drawn(of), images(), Regularization(noise(0.0).keys, depth, dropout))
        assert np.abs(noisy - without).max() > 1e-3


def attention_alone(x: jax.Array, place: Place, regularization: Regularization | None) -> jax.Array:
    """Returns what a transformer's block makes of tokens without its MLP."""
    block = Block(jax.random.key(0), VIT())
    block.mlp.contract.kernel[...] = jnp.zeros((24, 16))
    block.mlp.contract.bias[...] = jnp.zeros(16)
    return block(x.reshape(len(x), -1, 16), place, regularization).reshape(x.shape)


def bottleneck(x: jax.Array, place: Place, regularization: Regularization | None) -> jax.Array:
    return PreactivatedBottleneck(jax.random.key(0), MODELS["bit"], 16, 16, 1, "split")(x, place, regularization)


@pytest.mark.parametrize("block", [attention_alone, bottleneck])
def test_a_branch_that_stochastic_depth_keeps_is_scaled_up(block: Callable[..., jax.Array]):
    x, place = np.random.default_rng(0).normal(size=(16, 3, 3, 16)).astype(np.float32), Place(1, 0.5)
    noise = Regularization(jax.random.split(jax.random.key(1), 16), 0.8, None)
    noisy, whole = jit(lambda x: (block(x, place, noise) - x, block(x, place, None) - x))(x)
    skipped = (np.abs(noisy) < 1e-6).all(axis=(1, 2, 3))
    assert 0 < skipped.sum() < 16
    np.testing.assert_allclose(noisy[~skipped], whole[~skipped] / 0.6, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", ["token", "bit"])
def test_noise_at_rate_0_changes_nothing(name: str):
    of = network(name)
    without = jit(lambda parameters, x: of.apply(parameters, x, None))(drawn(of), images())
    np.testing.assert_allclose(jit(of.apply)(drawn(of), images(), noise(0.0)), without, rtol=1e-4, atol=1e-5)


@every_family
def test_computes_in_the_dtype_it_is_given_and_answers_in_float32(name: str):
    of = network(name)
    shapes = jax.eval_shape(of.initialize, jax.random.key(0))
    parameters = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, jnp.bfloat16), shapes)
    x = jax.ShapeDtypeStruct((4, SIDE, SIDE, 3), jnp.bfloat16)
    program = jax.make_jaxpr(lambda *arguments: of.apply(*arguments, noise(0.5)))(parameters, x)
    assert program.out_avals == [jax.core.ShapedArray((4, CLASSES), jnp.float32)]
    heavy = [line for line in str(program).splitlines() if "conv_general_dilated[" in line or "dot_general[" in line]
    assert heavy
    assert all(":bf16[" in line for line in heavy)


@pytest.mark.parametrize("name", ["token", "gap"])
def test_images_of_another_side_are_seen(name: str):
    of = network(name)
    logits = jit(lambda parameters, x: of.apply(parameters, x, None))(drawn(of), images(24))
    assert logits.shape == (4, CLASSES)
    assert np.isfinite(logits).all()


def test_images_that_are_not_whole_patches_are_refused():
    of = network("token")
    with pytest.raises(ValueError, match="12 x 12 cells are not whole patches of 8 x 8"):
        of.apply(drawn(of), images(12), None)


def test_a_classifier_starts_at_0_and_a_hybrid_s_branches_too():
    start = network("hybrid").initialize(jax.random.key(0))
    assert not start["classifier"]["kernel"].any()
    stages = start["backbone"]["stages"].values()
    assert not any(stage["first"]["norm2"]["gain"].any() for stage in stages)
