"""The layers of vision transformers. Work counts attention's two products as well as its affine maps."""

from collections.abc import Iterator

from nfdsl.cost.bit import resnet
from nfdsl.cost.layer import Layer, linear
from nfdsl.schema.objectives import COLOURS
from nfdsl.schema.vit import ViT


def vit(model: ViT, classes: int, resolution: int) -> Iterator[Layer]:
    """Yields the layers that an image of `resolution` goes through."""
    yield from _encoder(model, resolution)
    if model.pool == "map":
        yield from _attention_pooling(model, model.grid(resolution) ** 2)
    if model.representation is not None:
        yield linear(model.width, model.representation)
    yield linear(model.representation or model.width, classes)


def masked_vit(model: ViT, resolution: int) -> Iterator[Layer]:
    """Yields the layers that predict the colours of an image's patches."""
    yield from _encoder(model, resolution)
    yield Layer(model.width)  # what stands for a masked patch
    yield linear(model.width, COLOURS, model.grid(resolution) ** 2)


def _encoder(model: ViT, resolution: int) -> Iterator[Layer]:
    """Yields what makes tokens of an image, up to the norm behind the blocks."""
    patches = model.grid(resolution) ** 2
    if model.backbone is not None:
        yield from resnet(model.backbone, resolution)
    yield linear(model.patch_cells**2 * model.patch_channels, model.width, patches)
    yield from _tokens(model, patches)
    for layer in _block(model, patches + (model.pool == "token")):
        yield layer * model.depth
    yield _norm(model.width)


def _tokens(model: ViT, patches: int) -> Iterator[Layer]:
    """Yields the class token and the position embeddings."""
    if model.pool == "token":
        yield Layer(model.width)
    if model.positions == "learned":
        yield Layer((patches + (model.pool == "token")) * model.width)


def _block(model: ViT, tokens: int) -> Iterator[Layer]:
    yield _norm(model.width)
    yield from _attention(model.width, queries=tokens, tokens=tokens)
    yield _norm(model.width)
    yield from _mlp(model, tokens)


def _attention_pooling(model: ViT, tokens: int) -> Iterator[Layer]:
    yield Layer(model.width)  # the query
    yield from _attention(model.width, queries=1, tokens=tokens)
    yield _norm(model.width)
    yield from _mlp(model, 1)


def _attention(width: int, *, queries: int, tokens: int) -> Iterator[Layer]:
    yield linear(width, width, queries) * 2  # queries, and the outputs
    yield linear(width, width, tokens) * 2  # keys and values
    yield Layer(0, 2 * queries * tokens * width)  # queries times keys, and weights times values


def _mlp(model: ViT, tokens: int) -> Iterator[Layer]:
    yield linear(model.width, model.mlp, tokens)
    yield linear(model.mlp, model.width, tokens)


def _norm(width: int) -> Layer:
    return Layer(2 * width)
