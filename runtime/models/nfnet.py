"""Normalizer-free residual networks (NFNets).

References:
  Brock, De, Smith, Simonyan 2021, High-performance large-scale image recognition without normalization,
    arXiv 2102.06171: sections 3 and 4, appendix C.
  Their code, google-deepmind/deepmind-research, nfnets/{nfnet,base}.py, followed where the two differ: squeeze-excite
    has a plain ReLU, and beta is the expected standard deviation's inverse.

Shape suffixes: B batch, H height, W width, C channels, S squeezed channels, K classes, L layers.
"""

import math
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.typing import ArrayLike

from nfdsl.schema.model import Activation, NFNet
from runtime.models.activation import activate
from runtime.models.convolution import Convolution
from runtime.models.grouped_convolution import Grouped
from runtime.models.linear import Linear, truncated_normal
from runtime.models.place import stage_depths
from runtime.models.pooling import global_mean, halve
from runtime.models.regularization import Regularization
from runtime.models.remat import kept
from runtime.models.stages import stages, through
from runtime.models.traversal import Traversal
from runtime.parameters import Depths, Parameter


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Place:
    """What a block's place in the network decides; of several blocks, each field is an array [L]."""

    block: ArrayLike  # its number l, from 0
    depth: ArrayLike  # l / number of blocks, its share of the stochastic depth rate
    beta: ArrayLike  # 1 / the standard deviation expected of its input


def expected_deviations(depth: tuple[int, ...], alpha: float) -> tuple[tuple[float, ...], ...]:
    """Returns the standard deviation expected of each block's input at initialisation, for each stage.

    ``Var(x_{l+1}) = Var(x_l) + alpha^2`` (section 3), where a stage's first block, whose shortcut is
    normalised too, starts again from ``Var = 1``.
    """
    variance, stages = 1.0, []
    for blocks in depth:
        inputs = []
        for block in range(blocks):
            inputs.append(math.sqrt(variance))
            variance = (variance if block else 1.0) + alpha**2
        stages.append(tuple(inputs))
    return tuple(stages)


def places(model: NFNet) -> tuple[Place, ...]:
    """Returns the places of each stage's blocks."""
    stages, first, total = [], 0, sum(model.depth)
    for deviations in expected_deviations(model.depth, model.alpha):
        block = np.arange(first, first + len(deviations), dtype=np.int32)
        stages.append(Place(block, (block / total).astype(np.float32), (1 / np.array(deviations)).astype(np.float32)))
        first += len(deviations)
    return tuple(stages)


class Stem(nnx.Module):
    """Four 3x3 convolutions that shrink each side to a quarter, activated in between (appendix C)."""

    def __init__(self, key: jax.Array, model: NFNet, grouped: Grouped):
        keys = jax.random.split(key, 4)
        convolve3x3 = partial(Convolution, side=3, padding=model.padding, grouped=grouped)
        (c0, c1, c2, c3), (s0, s1, s2, s3) = model.stem_widths, model.stem_strides
        self.conv0 = convolve3x3(keys[0], 3, c0, stride=s0)
        self.conv1 = convolve3x3(keys[1], c0, c1, stride=s1)
        self.conv2 = convolve3x3(keys[2], c1, c2, stride=s2)
        self.conv3 = convolve3x3(keys[3], c2, c3, stride=s3)
        self.activation: Activation = model.activation

    def __call__(self, x_BxHxWxC: jax.Array) -> jax.Array:
        x_BxHxWxC = activate(self.conv0(x_BxHxWxC), self.activation)
        x_BxHxWxC = activate(self.conv1(x_BxHxWxC), self.activation)
        x_BxHxWxC = activate(self.conv2(x_BxHxWxC), self.activation)
        return self.conv3(x_BxHxWxC)


class SqueezeExcite(nnx.Module):
    """Channels' scales ``2 sigmoid(W1 relu(W0 mean(x)))`` (appendix C; Hu et al. 2018); the 2 keeps the scale."""

    def __init__(self, key: jax.Array, width: int, hidden: int):
        squeeze, excite = jax.random.split(key)
        self.squeeze = Linear(truncated_normal(squeeze, width, hidden))
        self.excite = Linear(truncated_normal(excite, hidden, width))

    def __call__(self, mean_BxC: jax.Array) -> jax.Array:
        """Returns the scales [B, C] of an image's channels from their means."""
        return 2 * jax.nn.sigmoid(self.excite(jax.nn.relu(self.squeeze(mean_BxC))))


class Block(nnx.Module):
    """``y = shortcut + alpha * skip_gain * branch(beta * f(x))`` (section 4.1, figure 5)."""

    def __init__(self, key: jax.Array, model: NFNet, inputs: int, outputs: int, stride: int, grouped: Grouped):
        keys, inner, groups = jax.random.split(key, 6), model.inner_width(outputs), model.groups(outputs)
        convolve1x1 = partial(Convolution, grouped=grouped)
        convolve3x3 = partial(Convolution, side=3, groups=groups, padding=model.padding, grouped=grouped)
        self.conv0 = convolve1x1(keys[0], inputs, inner, keep="with its gradient")
        self.conv1 = convolve3x3(keys[1], inner, inner, stride=stride, keep="alone")
        self.conv2 = convolve3x3(keys[2], inner, inner, keep="alone")
        self.conv3 = convolve1x1(keys[3], inner, outputs)
        self.squeeze_excite = SqueezeExcite(keys[4], outputs, model.se_width(outputs))
        self.skip_gain = Parameter(jnp.zeros((), jnp.float32), role="gain")
        self.shortcut = convolve1x1(keys[5], inputs, outputs) if stride > 1 or inputs != outputs else None
        self.stride = stride
        self.alpha = model.alpha
        self.activation: Activation = model.activation

    def __call__(self, x_BxHxWxC: jax.Array, place: Place, regularization: Regularization | None) -> jax.Array:
        active_BxHxWxC = activate(x_BxHxWxC, self.activation) * jnp.asarray(place.beta, x_BxHxWxC.dtype)
        inner_BxHxWxC = self._inner(active_BxHxWxC)
        # The mean over pixels of a 1x1 convolution is that convolution of the mean: so all that scales the branch is
        # known before its last convolution, and a compiler can make one loop of convolution, scale and sum.
        mean_Bx1x1xC = self.conv3(kept(global_mean(inner_BxHxWxC))[:, None, None, :])
        scale_BxC = self.alpha * self.skip_gain[...] * self.squeeze_excite(mean_Bx1x1xC[:, 0, 0, :])
        if regularization is not None:
            scale_BxC = regularization.skip(scale_BxC, place.block, place.depth)
        return self._shortcut(x_BxHxWxC, active_BxHxWxC) + scale_BxC[:, None, None, :] * self.conv3(inner_BxHxWxC)

    def _inner(self, active_BxHxWxC: jax.Array) -> jax.Array:
        y_BxHxWxC = activate(self.conv0(active_BxHxWxC), self.activation)
        y_BxHxWxC = activate(self.conv1(y_BxHxWxC), self.activation)
        return activate(self.conv2(y_BxHxWxC), self.activation)

    def _shortcut(self, x_BxHxWxC: jax.Array, active_BxHxWxC: jax.Array) -> jax.Array:
        if self.shortcut is None:
            return x_BxHxWxC
        return self.shortcut(halve(active_BxHxWxC) if self.stride > 1 else active_BxHxWxC)


class NormalizerFree(nnx.Module):
    """The network from normalised images to logits."""

    def __init__(self, key: jax.Array, model: NFNet, classes: int, grouped: Grouped, traversal: Traversal):
        stem, body, final, classifier = jax.random.split(key, 4)

        def create(key: jax.Array, inputs: int, outputs: int, stride: int) -> Block:
            return Block(key, model, inputs, outputs, stride, grouped)

        widths = (model.stem_widths[-1], *model.width)
        self.stem = Stem(stem, model, grouped)
        self.stages = stages(body, create, model.depth, widths, model.stage_strides, traversal)
        self.final_conv = Convolution(final, model.width[-1], model.final_width, grouped=grouped)
        weights = 0.01 * jax.random.normal(classifier, (model.final_width, classes), jnp.float32)  # appendix C
        self.classifier = Linear(weights, role="head")
        self.model = model

    def __call__(self, images_BxHxWxC: jax.Array, regularization: Regularization | None) -> jax.Array:
        """Returns logits [B, K] in float32."""
        x_BxHxWxC = through(self.stages, places(self.model), self.stem(images_BxHxWxC), regularization)
        features_BxC = global_mean(activate(self.final_conv(x_BxHxWxC), self.model.activation))
        if regularization is not None:
            features_BxC = regularization.drop(features_BxC)
        return self.classifier(features_BxC).astype(jnp.float32)

    def depths(self) -> Depths:
        """Returns the depth of each layer: the stem 0, block l (from 0) l + 1, what follows the blocks one more."""
        last = sum(self.model.depth) + 1
        return {"stem": 0, "stages": stage_depths(self.model.depth), "final_conv": last, "classifier": last}
