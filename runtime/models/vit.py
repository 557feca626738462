"""Vision transformers (ViTs).

References:
  Dosovitskiy et al. 2021, An image is worth 16x16 words, arXiv 2010.11929: section 3, appendix B.
  Their code, google-research/vision_transformer, vit_jax/models_vit.py, and google-research/big_vision,
    big_vision/models/vit.py, which adds pooling by means and by attention.

Shape suffixes: B batch, H height, W width, h, w a patch's, C channels, T tokens, K classes, L layers.
"""

import math
from functools import partial

import jax
import jax.numpy as jnp
from flax import nnx
from jax.typing import ArrayLike

from nfdsl.schema.vit import Gelu, ViT
from runtime.models.activation import gelu
from runtime.models.attention import Attention
from runtime.models.backbone import Backbone
from runtime.models.grouped_convolution import Grouped
from runtime.models.linear import Linear, lecun_normal, xavier
from runtime.models.normalization import LayerNorm
from runtime.models.place import Place, places
from runtime.models.positions import resized, sines_and_cosines
from runtime.models.regularization import Regularization
from runtime.models.stack import stack
from runtime.models.traversal import Traversal
from runtime.parameters import Depths, Parameter

_POSITION_DEVIATION = 0.02  # of the initial embeddings (public code)
_BIAS_DEVIATION = 1e-6  # of the MLP's initial biases (public code)


class Patches(nnx.Module):
    """One affine map of every patch (section 3.1): a convolution whose stride is its side."""

    def __init__(self, key: jax.Array, side: int, channels: int, width: int):
        kernel = lecun_normal(key, side**2 * channels, width).reshape(side, side, channels, width)
        self.kernel = Parameter(kernel, "height", "width", "in", "out", role="kernel")
        self.bias = Parameter(jnp.zeros(width, jnp.float32), "out", role="bias")

    def __call__(self, x_BxHxWxC: jax.Array) -> jax.Array:
        """Returns [B, H / h, W / w, width].

        Raises:
          ValueError: the image is not cut into whole patches.
        """
        side = self.kernel.shape[0]
        batch, height, width, channels = x_BxHxWxC.shape
        if height % side or width % side:
            raise ValueError(f"{height} x {width} cells are not whole patches of {side} x {side}")
        patches = x_BxHxWxC.reshape(batch, height // side, side, width // side, side, channels)
        return jnp.einsum("bHhWwc,hwco->bHWo", patches, self.kernel[...]) + self.bias[...]


class Embedding(nnx.Module):
    """Patches as tokens, each with its position, after the class token if there is one (section 3.1, eq. 1)."""

    def __init__(self, key: jax.Array, model: ViT, resolution: int):
        patches, positions, first = jax.random.split(key, 3)
        side, shape = model.grid(resolution), (model.width,)
        self.patches = Patches(patches, model.patch_cells, model.patch_channels, model.width)
        learned, token = model.positions == "learned", model.pool == "token"
        self.positions = _normal(positions, (side, side, model.width), "height", "width") if learned else None
        self.class_token = Parameter(jnp.zeros(shape, jnp.float32), "out", role="bias") if token else None
        self.class_position = _normal(first, shape) if learned and token else None

    def __call__(self, x_BxHxWxC: jax.Array) -> jax.Array:
        """Returns the tokens [B, T, C] of what is cut into patches."""
        return self.tokens(self.patches(x_BxHxWxC))

    def tokens(self, patches_BxHxWxC: jax.Array) -> jax.Array:
        """Returns the tokens [B, T, C] of embedded patches."""
        batch, height, width, channels = patches_BxHxWxC.shape
        if self.positions is None:
            positions_HxWxC = jnp.asarray(sines_and_cosines(height, width, channels), patches_BxHxWxC.dtype)
        else:
            positions_HxWxC = resized(self.positions[...], height, width)
        tokens_BxTxC = (patches_BxHxWxC + positions_HxWxC).reshape(batch, height * width, channels)
        if self.class_token is None:
            return tokens_BxTxC
        first_C = self.class_token[...] + (0 if self.class_position is None else self.class_position[...])
        return jnp.concatenate([jnp.broadcast_to(first_C, (batch, 1, channels)), tokens_BxTxC], axis=1)


def _normal(key: jax.Array, shape: tuple[int, ...], *axes: str) -> Parameter:
    draws = jax.random.normal(key, (math.prod(shape),), jnp.float32).reshape(shape)
    return Parameter(_POSITION_DEVIATION * draws, *axes, "out", role="position" if axes else "bias")


class MLP(nnx.Module):
    """Two affine maps with GELU between them."""

    def __init__(self, key: jax.Array, model: ViT):
        keys = jax.random.split(key, 4)
        biases = [
            _BIAS_DEVIATION * jax.random.normal(keys[2], (model.mlp,), jnp.float32),
            _BIAS_DEVIATION * jax.random.normal(keys[3], (model.width,), jnp.float32),
        ]
        self.expand = Linear(xavier(keys[0], model.width, model.mlp), biases[0])
        self.contract = Linear(xavier(keys[1], model.mlp, model.width), biases[1])
        self.gelu: Gelu = model.gelu

    def __call__(self, x_BxTxC: jax.Array, place: ArrayLike, regularization: Regularization | None) -> jax.Array:
        expanded = self.expand(x_BxTxC)
        hidden = gelu(expanded) if self.gelu == "tanh" else jax.nn.gelu(expanded, approximate=False)
        dropped = hidden if regularization is None else regularization.drop(hidden, place)
        return self.contract(dropped)


class Block(nnx.Module):
    """``z = x + attention(norm(x)); y = z + mlp(norm(z))`` (eq. 2 and 3)."""

    def __init__(self, key: jax.Array, model: ViT):
        attention, mlp = jax.random.split(key)
        self.attention_norm = LayerNorm(model.width)
        self.attention = Attention(attention, model.width, model.heads)
        self.mlp_norm = LayerNorm(model.width)
        self.mlp = MLP(mlp, model)

    def __call__(self, x_BxTxC: jax.Array, place: Place, regularization: Regularization | None) -> jax.Array:
        branches = 2 * jnp.asarray(place.block)
        drops = 1 + 3 * jnp.asarray(place.block)  # the embedding has place 0

        def residual(branch_BxTxC: jax.Array, number: int) -> jax.Array:
            """Dropout follows each affine map but those of queries, keys and values (appendix B)."""
            if regularization is None:
                return branch_BxTxC
            dropped = regularization.drop(branch_BxTxC, drops + number)
            return regularization.skip(dropped, branches + number, place.depth, rescale=True)

        normed_BxTxC = self.attention_norm(x_BxTxC)
        x_BxTxC += residual(self.attention(normed_BxTxC, normed_BxTxC), 0)
        return x_BxTxC + residual(self.mlp(self.mlp_norm(x_BxTxC), drops + 2, regularization), 1)


class AttentionPooling(nnx.Module):
    """A learned query's attention to all tokens, then an MLP (Zhai et al. 2022, section 3.2: the MAP head)."""

    def __init__(self, key: jax.Array, model: ViT):
        query, attention, mlp = jax.random.split(key, 3)
        self.query = Parameter(xavier(query, 1, model.width)[0], "out", role="bias")
        self.attention = Attention(attention, model.width, model.heads)
        self.norm = LayerNorm(model.width)
        self.mlp = MLP(mlp, model)

    def __call__(self, x_BxTxC: jax.Array) -> jax.Array:
        """Returns features [B, C]."""
        query_BxQxC = jnp.broadcast_to(self.query[...], (x_BxTxC.shape[0], 1, x_BxTxC.shape[2]))
        y_BxQxC = self.attention(query_BxQxC, x_BxTxC)
        return (y_BxQxC + self.mlp(self.norm(y_BxQxC), 0, None))[:, 0]


class VisionTransformer(nnx.Module):
    """The network from normalised images to logits."""

    def __init__(
        self, key: jax.Array, model: ViT, classes: int, resolution: int, grouped: Grouped, traversal: Traversal
    ):
        keys = jax.random.split(key, 5)
        self.backbone = None if model.backbone is None else Backbone(keys[0], model.backbone, grouped, traversal)
        self.embedding = Embedding(keys[1], model, resolution)
        self.blocks = stack(partial(Block, model=model), jax.random.split(keys[2], model.depth))
        self.norm = LayerNorm(model.width)
        self.pooling = AttentionPooling(keys[3], model) if model.pool == "map" else None
        features = model.representation or model.width
        layer = None if model.representation is None else Linear(lecun_normal(keys[4], model.width, features))
        self.representation = layer
        self.classifier = Linear(jnp.zeros((features, classes), jnp.float32), role="head")
        self.model = model
        self.traversal = traversal

    def __call__(self, images_BxHxWxC: jax.Array, regularization: Regularization | None) -> jax.Array:
        """Returns logits [B, K] in float32."""
        return self.classifier(self.features(images_BxHxWxC, regularization)).astype(jnp.float32)

    def depths(self) -> Depths:
        """Returns the depth of each layer: what makes tokens 0, block l (from 0) l + 1, what follows them one more."""
        last = self.model.depth + 1
        depths = {"embedding": 0, "blocks": 1, "norm": last, "classifier": last}
        if self.backbone is not None:
            depths["backbone"] = 0
        if self.pooling is not None:
            depths["pooling"] = last
        if self.representation is not None:
            depths["representation"] = last
        return depths

    def features(self, images_BxHxWxC: jax.Array, regularization: Regularization | None) -> jax.Array:
        """Returns what the classifier sees, [B, C]."""
        x_BxHxWxC = images_BxHxWxC if self.backbone is None else self.backbone(images_BxHxWxC)
        x_BxTxC = self._encoded(self.embedding(x_BxHxWxC), regularization)
        features_BxC = self._pooled(self.norm(x_BxTxC))
        return features_BxC if self.representation is None else jnp.tanh(self.representation(features_BxC))

    def _encoded(self, x_BxTxC: jax.Array, regularization: Regularization | None) -> jax.Array:
        start = x_BxTxC if regularization is None else regularization.drop(x_BxTxC, 0)
        (every_place,) = places((self.model.depth,))
        return self.traversal.through_all(self.blocks, start, every_place, regularization)

    def _pooled(self, x_BxTxC: jax.Array) -> jax.Array:
        if self.pooling is not None:
            return self.pooling(x_BxTxC)
        return x_BxTxC[:, 0] if self.model.pool == "token" else jnp.mean(x_BxTxC, axis=1)
