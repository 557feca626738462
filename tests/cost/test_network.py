"""Costs equal the published tables, and what the built networks really have and do."""

import math
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import pytest
from jax.extend.core import ClosedJaxpr, Jaxpr

from nfdsl.cost.network import multiply_adds, parameters
from nfdsl.schema.bit import BiT, ResNet
from nfdsl.schema.model import Model, NFNet
from nfdsl.schema.objectives import MaskedPatches
from nfdsl.schema.vit import ViT
from runtime.models.grouped_convolution import Grouped
from runtime.models.network import build

WIDTH, WIDE = (256, 512, 1536, 1536), (384, 768, 2048, 2048)


def nfnet(times: int, width: tuple[int, ...] = WIDTH, **settings: str) -> NFNet:
    return NFNet(depth=tuple(times * blocks for blocks in (1, 2, 6, 3)), width=width, **settings)  # pyright: ignore


# Brock et al. 2021, Table 3; F7 and the + variants from the public code's rules.
@pytest.mark.parametrize(
    ("model", "millions", "gigas"),
    [
        (nfnet(1), 71.49, {192: 6.98, 256: 12.38, 224: 9.49, 384: 27.83, 480: 43.48}),
        (nfnet(4), 254.92, {320: 67.94, 416: 114.76, 224: 33.34, 256: 43.52, 384: 97.80}),
        (nfnet(7), 438.36, {448: 228.29, 576: 377.28, 224: 57.19, 480: 262.05}),
        (nfnet(5, WIDE), 524.95, {512: 333.4}),
        (nfnet(5, WIDE, bottleneck_rounding="exact"), 527.03, {512: 367.41}),
        (nfnet(8, WIDE), 829.55, {480: 461.44, 608: 740.16, 224: 100.74, 384: 295.43}),
        (nfnet(8, WIDE, bottleneck_rounding="exact"), 832.89, {480: 509.39, 224: 111.18, 256: 145.12}),
    ],
    ids=["F0", "F3", "F6", "F4+ floor", "F4+ exact", "F7+ floor", "F7+ exact"],
)
def test_the_published_variants(model: NFNet, millions: float, gigas: dict[int, float]):
    assert parameters(model, 1000, 224) / 1e6 == pytest.approx(millions, abs=0.005)
    for resolution, giga in gigas.items():
        assert multiply_adds(model, 1000, resolution) / 1e9 == pytest.approx(giga, abs=0.05 if giga == 333.4 else 0.005)


SIZES = {
    "Ti": {"depth": 12, "width": 192, "mlp": 768, "heads": 3},
    "S": {"depth": 12, "width": 384, "mlp": 1536, "heads": 6},
    "B": {"depth": 12, "width": 768, "mlp": 3072, "heads": 12},
    "L": {"depth": 24, "width": 1024, "mlp": 4096, "heads": 16},
    "H": {"depth": 32, "width": 1280, "mlp": 5120, "heads": 16},
    "g": {"depth": 40, "width": 1408, "mlp": 6144, "heads": 16},
    "G": {"depth": 48, "width": 1664, "mlp": 8192, "heads": 16},
    "So400m": {"depth": 27, "width": 1152, "mlp": 4304, "heads": 16},
}
BLOCKS = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3), 200: (3, 24, 36, 3)}
OPTION_I, OPTION_II = ResNet(BLOCKS[50], (256, 512, 1024, 2048)), ResNet()


def vit(size: str, patch: int, **settings: object) -> ViT:
    return ViT(**SIZES[size], patch=patch, **settings)  # pyright: ignore


def bit(depth: int, width: int) -> BiT:
    return BiT(BLOCKS[depth], tuple(width * channels for channels in (256, 512, 1024, 2048)))


# Numbers of parameters with 1000 classes: timm's models of the same weights.
@pytest.mark.parametrize(
    ("model", "count"),
    [
        (vit("Ti", 16), 5_717_416),
        (vit("S", 16), 22_050_664),
        (vit("B", 32), 88_224_232),
        (vit("B", 16), 86_567_656),
        (vit("L", 16), 304_326_632),
        (vit("So400m", 14, pool="map"), 427_680_704 + 1000 * 1153),
        (vit("B", 16, backbone=OPTION_II), 98_659_112),
        (vit("L", 32, backbone=OPTION_I), 328_994_856),
        (bit(50, 1), 25_549_352),
        (bit(50, 3), 217_319_080),
        (bit(101, 1), 44_541_480),
        (bit(152, 4), 936_533_224),
    ],
)
def test_parameters_of_published_transformers_and_resnets(model: Model, count: int):
    assert parameters(model, 1000, 224) == count


# Dosovitskiy et al. 2021, Table 6: exaFLOPs of training on 303 million images for so many epochs, 6 FLOPs each.
@pytest.mark.parametrize(
    ("model", "epochs", "exaflops", "close"),
    [
        (vit("B", 32), 7, 55, 0.025),
        (vit("B", 16), 7, 224, 0.005),
        (vit("L", 32), 7, 196, 0.005),
        (vit("L", 16), 14, 1567, 0.005),
        (vit("H", 14), 14, 4262, 0.005),
        (vit("B", 16, backbone=OPTION_II), 7, 274, 0.03),
        (vit("L", 32, backbone=OPTION_I), 7, 246, 0.03),
        (bit(50, 1), 7, 50, 0.05),
        (bit(152, 2), 14, 1126, 0.05),
        (bit(200, 3), 14, 3306, 0.05),
    ],
)
def test_work_of_published_transformers_and_resnets(model: Model, epochs: int, exaflops: float, close: float):
    flops = 6 * multiply_adds(model, 1000, 224) * epochs * 303e6
    assert flops / 1e18 == pytest.approx(exaflops, rel=close)


PUBLISHED = {
    **{f"{size}/{patch}": vit(size, patch) for size in SIZES for patch in (14, 16, 32)},
    **{f"{size}/16 {pool}": vit(size, 16, pool=pool) for size in ("B", "So400m") for pool in ("gap", "map")},
    "B/16 sincos": vit("B", 16, positions="sincos", pool="gap"),
    "B/16 representation": vit("B", 16, representation=768),
    **{f"R50+{size}/32": vit(size, 32, backbone=OPTION_I) for size in ("B", "L")},
    **{f"R50+{size}/16": vit(size, 16, backbone=OPTION_II) for size in ("B", "L")},
    "R50+B/32 of option (ii)": vit("B", 32, backbone=OPTION_II),
    **{f"R{depth}x{width}": bit(depth, width) for depth in BLOCKS for width in (1, 2, 3)},
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_published_variant_agrees_with_the_built_network(name: str):
    model = PUBLISHED[name]
    resolution = 224 if 224 % model.stride == 0 else 6 * model.stride
    network = build(model, 1000, resolution, grouped="native")
    shapes = jax.eval_shape(network.initialize, jax.random.key(0))
    assert parameters(model, 1000, resolution) == sum(array.size for array in jax.tree.leaves(shapes))
    image = jax.ShapeDtypeStruct((1, resolution, resolution, 3), jnp.float32)
    program = jax.make_jaxpr(lambda parameters, images: network.apply(parameters, images, None))(shapes, image)
    assert multiply_adds(model, 1000, resolution) == traced_multiply_adds(program.jaxpr)


@pytest.mark.parametrize(
    "model", [vit("B", 16), vit("S", 16, pool="map"), vit("B", 32, pool="gap", representation=768)]
)
def test_masked_patches_agree_with_the_built_network(model: ViT):
    """Each patch is classified as one of 512 colours, and nothing else is."""
    objective = MaskedPatches()
    network = build(model, 1000, 224, grouped="native", objective=objective)
    shapes = jax.eval_shape(network.initialize, jax.random.key(0))
    assert parameters(model, 1000, 224, objective) == sum(array.size for array in jax.tree.leaves(shapes))
    image, key = jax.ShapeDtypeStruct((1, 224, 224, 3), jnp.float32), jax.random.split(jax.random.key(0), 1)
    program = jax.make_jaxpr(lambda parameters, images: network.predict(parameters, images, key, None))(shapes, image)
    assert multiply_adds(model, 1000, 224, objective) == traced_multiply_adds(program.jaxpr)


ODD = NFNet(depth=(2, 1, 3), width=(24, 50, 70), group_width=8, bottleneck=0.7, se_ratio=0.3)
ONE_STAGE = NFNet(depth=(1,), width=(7,), se_ratio=0.01)


@pytest.mark.parametrize("times", range(1, 9))
@pytest.mark.parametrize(
    ("width", "rounding"), [(WIDTH, "floor"), (WIDE, "floor"), (WIDE, "exact")], ids=["F", "F+ floor", "F+ exact"]
)
def test_parameters_are_those_of_the_built_network(times: int, width: tuple[int, ...], rounding: str):
    assert_same_parameters(nfnet(times, width, bottleneck_rounding=rounding), 1000)


EVEN = BiT((1, 2), (16, 16), norm_groups=2)  # whose shortcuts project for the stride alone
HYBRID = ViT(depth=1, width=16, mlp=24, heads=2, patch=16, backbone=ResNet((1, 2), (16, 16), norm_groups=2))


@pytest.mark.parametrize("model", [ODD, ONE_STAGE, EVEN, HYBRID], ids=["odd", "one stage", "even", "hybrid"])
def test_parameters_of_unpublished_networks_are_those_of_the_built_ones(model: Model):
    assert_same_parameters(model, 3)


def assert_same_parameters(model: Model, classes: int):
    built = jax.eval_shape(build(model, classes, 32, grouped="native").initialize, jax.random.key(0))
    assert parameters(model, classes, 32) == sum(array.size for array in jax.tree.leaves(built))


@pytest.mark.parametrize("grouped", ["native", "split"])
@pytest.mark.parametrize(
    ("model", "resolution"),
    [
        (nfnet(1), 192),
        (nfnet(1), 97),
        (nfnet(8, WIDE, bottleneck_rounding="exact"), 224),
        (nfnet(8, WIDE, bottleneck_rounding="exact"), 31),
        (ODD, 45),
        (ODD, 1),
        (ONE_STAGE, 2),
    ],
    ids=["F0", "F0 odd", "F7+", "F7+ odd", "odd", "one pixel", "one stage"],
)
def test_multiply_adds_are_those_of_the_traced_network(model: NFNet, resolution: int, grouped: Grouped):
    network = build(model, 10, resolution, grouped=grouped)
    shapes = jax.eval_shape(network.initialize, jax.random.key(0))
    image = jax.ShapeDtypeStruct((1, resolution, resolution, 3), jnp.float32)
    program = jax.make_jaxpr(lambda parameters, images: network.apply(parameters, images, None))(shapes, image)
    assert multiply_adds(model, 10, resolution) + of_means(model) == traced_multiply_adds(program.jaxpr)


def of_means(model: NFNet) -> int:
    """Returns the multiply-adds of each block's last convolution of its mean, which the published network has not.

    Squeeze-excite sees the mean before that convolution, which is linear, so that it is one loop with the scaling.
    """
    stages = zip(model.depth, model.width, strict=True)
    return sum(blocks * model.inner_width(width) * width for blocks, width in stages)


def traced_multiply_adds(jaxpr: Jaxpr) -> int:
    """Returns the multiply-adds of every convolution and matrix product, however deep, times the trips of loops."""
    total = 0
    for equation in jaxpr.eqns:
        outputs = math.prod(equation.outvars[0].aval.shape)
        operands = [variable.aval.shape for variable in equation.invars]
        if equation.primitive.name == "conv_general_dilated":
            total += outputs * math.prod(operands[1][:-1])  # a kernel HWIO
        elif equation.primitive.name == "dot_general":
            (contracted, _), _ = equation.params["dimension_numbers"]
            total += outputs * math.prod(operands[0][axis] for axis in contracted)
        else:
            trips = equation.params["length"] if equation.primitive.name == "scan" else 1
            total += trips * sum(traced_multiply_adds(inner) for inner in programs_within(equation.params))
    return total


def programs_within(params: dict[str, Any]) -> Iterator[Jaxpr]:
    for value in params.values():
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, ClosedJaxpr):
                yield part.jaxpr
            elif isinstance(part, Jaxpr):
                yield part


def test_a_classifier_costs_what_its_classes_need():
    assert parameters(nfnet(1), 29_593, 224) - parameters(nfnet(1), 1000, 224) == 28_593 * (3072 + 1)
    assert multiply_adds(nfnet(1), 29_593, 224) - multiply_adds(nfnet(1), 1000, 224) == 28_593 * 3072
