"""Costs equal the published tables, and what the built networks really have and do."""

import pytest

from nfdsl.cost import multiply_adds, parameters
from nfdsl.schema.model import NFNet

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
    assert parameters(model, 1000) / 1e6 == pytest.approx(millions, abs=0.005)
    for resolution, giga in gigas.items():
        assert multiply_adds(model, 1000, resolution) / 1e9 == pytest.approx(giga, abs=0.05 if giga == 333.4 else 0.005)
