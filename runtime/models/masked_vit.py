"""Vision transformers that predict patches they are not shown (Dosovitskiy et al. 2021, appendix B.1.2).

Shape suffixes: B batch, H height, W width, T patches, K colours, C channels.
"""

from dataclasses import replace

import jax
import jax.numpy as jnp

from nfdsl.schema.objectives import COLOURS, MaskedPatches
from nfdsl.schema.vit import ViT
from runtime.models.corruption import corruption
from runtime.models.grouped_convolution import Grouped
from runtime.models.regularization import Regularization
from runtime.models.traversal import Traversal
from runtime.models.vit import VisionTransformer
from runtime.parameters import Depths, Parameter


class MaskedVisionTransformer(VisionTransformer):
    """A vision transformer whose classifier tells a patch's colour from the token of that patch.

    It has a mask embedding besides, and nothing between tokens and classifier: neither a tanh layer nor a MAP head,
    which nothing would train.
    """

    def __init__(
        self,
        key: jax.Array,
        model: ViT,
        objective: MaskedPatches,
        resolution: int,
        grouped: Grouped,
        traversal: Traversal,
    ):
        encoder = replace(model, representation=None, pool="token" if model.pool == "token" else "gap")
        super().__init__(key, encoder, COLOURS, resolution, grouped, traversal)
        self.mask = Parameter(jnp.zeros(model.width, jnp.float32), "out", role="bias")
        self.objective = objective

    def predict(
        self, images_BxHxWxC: jax.Array, keys_B: jax.Array, regularization: Regularization | None
    ) -> tuple[jax.Array, jax.Array]:
        """Returns the logits of each patch's colour [B, T, K] and the patch's share in the loss [B, T], in float32.

        Which patches are corrupted is drawn from `keys_B`; the others have share 0. Positions are those of the
        places, whatever stands there.
        """
        patches_BxHxWxC = self.embedding.patches(images_BxHxWxC)
        batch, height, width, channels = patches_BxHxWxC.shape
        drawn = corruption(keys_B, self.objective.corrupted, height * width)
        seen_BxTxC = drawn.applied(patches_BxHxWxC.reshape(batch, height * width, channels), self.mask[...])
        tokens = self.embedding.tokens(seen_BxTxC.reshape(patches_BxHxWxC.shape))
        encoded_BxTxC = self.norm(self._encoded(tokens, regularization))[:, -height * width :]
        return self.classifier(encoded_BxTxC).astype(jnp.float32), drawn.shares

    def depths(self) -> Depths:
        """Returns the depth of each layer; the mask is embedded as patches are."""
        return {**super().depths(), "mask": 0}
