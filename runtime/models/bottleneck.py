"""Bottleneck blocks (He et al. 2016) with group normalisation and standardised weights.

Shape suffixes: B batch, H height, W width, C channels.
"""

from functools import partial

import jax
from flax import nnx

from nfdsl.schema.bit import BiT, ResNet
from runtime.models.grouped_convolution import Grouped
from runtime.models.normalization import GroupNorm
from runtime.models.place import Place
from runtime.models.regularization import Regularization
from runtime.models.standardization import StandardizedConvolution, Style

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
