"""BiT: pre-activated residual networks, normalised by groups and by weights.

References:
  Kolesnikov et al. 2020, Big Transfer, arXiv 1912.11370, section 3.
  Their code, google-research/big_transfer, bit_pytorch/models.py, and google-research/big_vision, models/bit_paper.py.

Shape suffixes: B batch, H height, W width, C channels, K classes.
"""

import jax
import jax.numpy as jnp
from flax import nnx

from nfdsl.schema.bit import BiT
from runtime.models.bottleneck import BIT_EPS, PreactivatedBottleneck
from runtime.models.grouped_convolution import Grouped
from runtime.models.linear import Linear
from runtime.models.normalization import GroupNorm
from runtime.models.place import places, stage_depths
from runtime.models.pooling import global_mean, halve_by_maximum
from runtime.models.regularization import Regularization
from runtime.models.stages import stages, through
from runtime.models.standardization import StandardizedConvolution
from runtime.models.traversal import Traversal
from runtime.parameters import Depths


class BigTransfer(nnx.Module):
    """The network from normalised images to logits."""

    def __init__(self, key: jax.Array, model: BiT, classes: int, grouped: Grouped, traversal: Traversal):
        root, body = jax.random.split(key)

        def create(key: jax.Array, inputs: int, outputs: int, stride: int) -> PreactivatedBottleneck:
            return PreactivatedBottleneck(key, model, inputs, outputs, stride, grouped)

        self.root = StandardizedConvolution(root, 3, model.root_width, side=7, stride=2, style="bit", grouped=grouped)
        widths = (model.root_width, *model.width)
        self.stages = stages(body, create, model.depth, widths, model.stage_strides, traversal)
        self.norm = GroupNorm(model.width[-1], model.norm_groups, BIT_EPS)
        self.classifier = Linear(jnp.zeros((model.width[-1], classes), jnp.float32), role="head")
        self.depth = model.depth

    def __call__(self, images_BxHxWxC: jax.Array, regularization: Regularization | None) -> jax.Array:
        """Returns logits [B, K] in float32."""
        return self.classifier(self.features(images_BxHxWxC, regularization)).astype(jnp.float32)

    def depths(self) -> Depths:
        """Returns the depth of each layer: the root 0, block l (from 0) l + 1, what follows the blocks one more."""
        last = sum(self.depth) + 1
        return {"root": 0, "stages": stage_depths(self.depth), "norm": last, "classifier": last}

    def features(self, images_BxHxWxC: jax.Array, regularization: Regularization | None) -> jax.Array:
        """Returns what the classifier sees, [B, C]."""
        x_BxHxWxC = halve_by_maximum(self.root(images_BxHxWxC))
        x_BxHxWxC = through(self.stages, places(self.depth), x_BxHxWxC, regularization)
        features_BxC = global_mean(jax.nn.relu(self.norm(x_BxHxWxC)))
        return features_BxC if regularization is None else regularization.drop(features_BxC)
