"""The exact size and work of a network, counted from its architecture.

Work is counted in multiply-adds of convolutions and matrix products, padding included, as papers' "FLOPs" of NFNets
are; everything else a network does is left out. Training takes 6 FLOPs per multiply-add: 2, forward and twice back.
"""

from collections.abc import Iterator
from typing import assert_never

from nfdsl.cost.bit import bit
from nfdsl.cost.layer import Layer
from nfdsl.cost.nfnet import nfnet
from nfdsl.cost.vit import masked_vit, vit
from nfdsl.schema.bit import BiT
from nfdsl.schema.model import Model, NFNet
from nfdsl.schema.objectives import MaskedPatches
from nfdsl.schema.vit import ViT


def parameters(model: Model, classes: int, resolution: int, objective: MaskedPatches | None = None) -> int:
    """Returns how many numbers are learned, the classifier of `classes` or the predictor of `objective` included.

    Learned position embeddings are of the patches of an image of `resolution`; nothing else depends on it.
    """
    return sum(layer.parameters for layer in _layers(model, classes, resolution, objective))


def multiply_adds(model: Model, classes: int, resolution: int, objective: MaskedPatches | None = None) -> int:
    """Returns the multiply-adds of classifying one square image with sides of `resolution` pixels, or its patches."""
    return sum(layer.multiply_adds for layer in _layers(model, classes, resolution, objective))


def _layers(model: Model, classes: int, resolution: int, objective: MaskedPatches | None) -> Iterator[Layer]:
    match model:
        case NFNet():
            return nfnet(model, classes, resolution)
        case ViT():
            return vit(model, classes, resolution) if objective is None else masked_vit(model, resolution)
        case BiT():
            return bit(model, classes, resolution)
        case _:
            assert_never(model)
