"""Costs equal the published tables, and what the built networks really have and do."""

import math
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import pytest
from jax.extend.core import ClosedJaxpr, Jaxpr

from nfdsl.cost.network import multiply_adds, parameters
from nfdsl.schema.model import NFNet
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


ODD = NFNet(depth=(2, 1, 3), width=(24, 50, 70), group_width=8, bottleneck=0.7, se_ratio=0.3)
ONE_STAGE = NFNet(depth=(1,), width=(7,), se_ratio=0.01)


@pytest.mark.parametrize("times", range(1, 9))
@pytest.mark.parametrize(
    ("width", "rounding"), [(WIDTH, "floor"), (WIDE, "floor"), (WIDE, "exact")], ids=["F", "F+ floor", "F+ exact"]
)
def test_parameters_are_those_of_the_built_network(times: int, width: tuple[int, ...], rounding: str):
    assert_same_parameters(nfnet(times, width, bottleneck_rounding=rounding), 1000)


@pytest.mark.parametrize("model", [ODD, ONE_STAGE], ids=["odd", "one stage"])
def test_parameters_of_unpublished_networks_are_those_of_the_built_ones(model: NFNet):
    assert_same_parameters(model, 3)


def assert_same_parameters(model: NFNet, classes: int):
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
    assert multiply_adds(model, 10, resolution) == traced_multiply_adds(program.jaxpr)


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
