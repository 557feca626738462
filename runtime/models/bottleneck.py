"""Bottleneck blocks (He et al. 2016) with group normalisation and standardised weights, and stages of them.

Shape suffixes: B batch, H height, W width, C channels, L layers.
"""

from collections.abc import Callable
from functools import partial
from typing import Generic, TypeVar

import jax
from flax import nnx

from nfdsl.schema.bit import BiT, ResNet
from runtime.models.grouped_convolution import Grouped
from runtime.models.normalization import GroupNorm
from runtime.models.place import Place, places, stage_name
from runtime.models.regularization import Regularization
from runtime.models.stack import stack
from runtime.models.standardization import StandardizedConvolution, Style
from runtime.models.traversal import Traversal

BIT_EPS, HYBRID_EPS = 1e-5, 1e-6  # of the public codes' group normalisation


class Bottleneck(nnx.Module):
    """1x1, 3x3 and 1x1 convolutions beside a shortcut; what stands between them is a subclass's business."""

    def __init__(
        self,
        key: jax.Array,
        model: BiT | ResNet,
        inputs: int,
        outputs: int,
        stride: int,
        style: Style,
        grouped: Grouped,
    ):
        keys, inner = jax.random.split(key, 4), model.inner_width(outputs)
        convolve = partial(StandardizedConvolution, style=style, grouped=grouped)
        self.conv0 = convolve(keys[0], inputs, inner)
        self.conv1 = convolve(keys[1], inner, inner, side=3, stride=stride)
        self.conv2 = convolve(keys[2], inner, outputs)
        projected = stride > 1 or inputs != outputs
        self.shortcut = convolve(keys[3], inputs, outputs, stride=stride) if projected else None

    def __call__(self, x_BxHxWxC: jax.Array, place: Place, regularization: Regularization | None) -> jax.Array:
        raise NotImplementedError


class PreactivatedBottleneck(Bottleneck):
    """ResNet v2's: ``y = shortcut + conv(a(conv(a(conv(a(x))))))``, ``a(x) = relu(norm(x))``; a shortcut that
    projects does so from ``a(x)`` (He et al. 2016b; google-research/big_transfer)."""

    def __init__(self, key: jax.Array, model: BiT, inputs: int, outputs: int, stride: int, grouped: Grouped):
        super().__init__(key, model, inputs, outputs, stride, "bit", grouped)
        inner, norm = model.inner_width(outputs), partial(GroupNorm, groups=model.norm_groups, eps=BIT_EPS)
        self.norm0, self.norm1, self.norm2 = norm(inputs), norm(inner), norm(inner)

    def __call__(self, x_BxHxWxC: jax.Array, place: Place, regularization: Regularization | None) -> jax.Array:
        active_BxHxWxC = jax.nn.relu(self.norm0(x_BxHxWxC))
        y_BxHxWxC = self.conv0(active_BxHxWxC)
        y_BxHxWxC = self.conv1(jax.nn.relu(self.norm1(y_BxHxWxC)))
        y_BxHxWxC = self.conv2(jax.nn.relu(self.norm2(y_BxHxWxC)))
        if regularization is not None:
            y_BxHxWxC = regularization.skip(y_BxHxWxC, place.block, place.depth, rescale=True)
        return y_BxHxWxC + (x_BxHxWxC if self.shortcut is None else self.shortcut(active_BxHxWxC))


class PostactivatedBottleneck(Bottleneck):
    """ResNet v1's: ``y = relu(shortcut + norm(conv(a(conv(a(conv(x)))))))`` with ``a(x) = relu(norm(x))``; the last
    gain starts at 0 (google-research/vision_transformer, models_resnet.py)."""

    def __init__(self, key: jax.Array, model: ResNet, inputs: int, outputs: int, stride: int, grouped: Grouped):
        super().__init__(key, model, inputs, outputs, stride, "hybrid", grouped)
        inner, norm = model.inner_width(outputs), partial(GroupNorm, groups=model.norm_groups, eps=HYBRID_EPS)
        self.norm0, self.norm1, self.norm2 = norm(inner), norm(inner), norm(outputs, gain=0.0)
        self.shortcut_norm = None if self.shortcut is None else norm(outputs)

    def __call__(self, x_BxHxWxC: jax.Array, place: Place, regularization: Regularization | None) -> jax.Array:
        y_BxHxWxC = jax.nn.relu(self.norm0(self.conv0(x_BxHxWxC)))
        y_BxHxWxC = jax.nn.relu(self.norm1(self.conv1(y_BxHxWxC)))
        y_BxHxWxC = self.norm2(self.conv2(y_BxHxWxC))
        if regularization is not None:
            y_BxHxWxC = regularization.skip(y_BxHxWxC, place.block, place.depth, rescale=True)
        return jax.nn.relu(y_BxHxWxC + self._shortcut(x_BxHxWxC))

    def _shortcut(self, x_BxHxWxC: jax.Array) -> jax.Array:
        if self.shortcut is None or self.shortcut_norm is None:
            return x_BxHxWxC
        return self.shortcut_norm(self.shortcut(x_BxHxWxC))


B = TypeVar("B", bound=Bottleneck)
Create = Callable[[jax.Array, int, int, int], B]  # key, channels in, channels out, stride


class Stage(nnx.Module, Generic[B]):
    """Blocks of one width: the first changes width or resolution, the others are of one shape and are scanned."""

    def __init__(
        self, keys_L: jax.Array, create: Create[B], inputs: int, width: int, stride: int, traversal: Traversal
    ):
        self.first = create(keys_L[0], inputs, width, stride)
        self.blocks = stack(lambda key: create(key, width, width, 1), keys_L[1:]) if len(keys_L) > 1 else None
        self.traversal = traversal

    def __call__(self, x_BxHxWxC: jax.Array, places: Place, regularization: Regularization | None) -> jax.Array:
        first, others = places.split()
        y_BxHxWxC = self.traversal.through(self.first, x_BxHxWxC, first, regularization)
        if self.blocks is None:
            return y_BxHxWxC
        return self.traversal.through_all(self.blocks, y_BxHxWxC, others, regularization)


def stages(key: jax.Array, model: BiT | ResNet, create: Create[Bottleneck], traversal: Traversal) -> nnx.Dict:
    """Returns all stages of a network, after the root."""
    inputs, found = (model.root_width, *model.width), {}
    for stage, (depth, width) in enumerate(zip(model.depth, model.width, strict=True)):
        keys_L = jax.random.split(jax.random.fold_in(key, stage), depth)
        found[stage_name(stage)] = Stage(keys_L, create, inputs[stage], width, model.stage_strides[stage], traversal)
    return nnx.Dict(found)


def through(
    stages: nnx.Dict, depth: tuple[int, ...], x_BxHxWxC: jax.Array, regularization: Regularization | None
) -> jax.Array:
    """Returns what all stages make of an image's features."""
    for stage, stage_places in enumerate(places(depth)):
        x_BxHxWxC = stages[stage_name(stage)](x_BxHxWxC, stage_places, regularization)
    return x_BxHxWxC
