"""The convolutional features that a hybrid vision transformer sees (Dosovitskiy et al. 2021, section 3.1).

Their code, google-research/vision_transformer, vit_jax/models_{vit,resnet}.py, is followed.
Shape suffixes: B batch, H height, W width, C channels.
"""

import jax
from flax import nnx

from nfdsl.schema.bit import ResNet
from runtime.models.bottleneck import HYBRID_EPS, PostactivatedBottleneck
from runtime.models.grouped_convolution import Grouped
from runtime.models.normalization import GroupNorm
from runtime.models.place import places
from runtime.models.pooling import halve_by_maximum_same
from runtime.models.stages import stages, through
from runtime.models.standardization import StandardizedConvolution
from runtime.models.traversal import Traversal


class Backbone(nnx.Module):
    """The stages of a ResNet v1."""

    def __init__(self, key: jax.Array, model: ResNet, grouped: Grouped, traversal: Traversal):
        root, body = jax.random.split(key)

        def create(key: jax.Array, inputs: int, outputs: int, stride: int) -> PostactivatedBottleneck:
            return PostactivatedBottleneck(key, model, inputs, outputs, stride, grouped)

        self.root = StandardizedConvolution(
            root, 3, model.root_width, side=7, stride=2, style="hybrid", grouped=grouped
        )
        self.norm = GroupNorm(model.root_width, model.norm_groups, HYBRID_EPS)
        widths = (model.root_width, *model.width)
        self.stages = stages(body, create, model.depth, widths, model.stage_strides, traversal)
        self.depth = model.depth

    def __call__(self, images_BxHxWxC: jax.Array) -> jax.Array:
        """Returns features, one cell for each square of the stride's size."""
        x_BxHxWxC = halve_by_maximum_same(jax.nn.relu(self.norm(self.root(images_BxHxWxC))))
        return through(self.stages, places(self.depth), x_BxHxWxC, None)
