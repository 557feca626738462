"""Patches that a vision transformer is not shown as they are (Dosovitskiy et al. 2021, appendix B.1.2).

Shape suffixes: B batch, T patches, C channels.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

_CORRUPTION = 4  # a purpose that a key is folded with; 0 and 1 are those of noise, 2 and 3 of mixtures
_MASKED, _SWAPPED = 0.8, 0.1  # shares of the corrupted patches; what is left stays as it is


class Corruption(NamedTuple):
    """What stands in the place of each patch, [B, T]."""

    chosen: jax.Array  # bool: whether it is corrupted, and so to be predicted
    masked: jax.Array  # bool: whether the mask embedding stands there
    source: jax.Array  # int32: else the number of the patch whose embedding does

    @property
    def shares(self) -> jax.Array:
        """Each patch's share in its image's loss [B, T], float32: equal ones of the corrupted patches, else 0."""
        return self.chosen / jnp.sum(self.chosen, axis=1, keepdims=True, dtype=jnp.float32)

    def applied(self, patches_BxTxC: jax.Array, mask_C: jax.Array) -> jax.Array:
        """Returns the embeddings [B, T, C] that are seen instead of `patches_BxTxC`."""
        sources_BxTxC = jnp.take_along_axis(patches_BxTxC, self.source[..., None], axis=1)
        return jnp.where(self.masked[..., None], mask_C, sources_BxTxC)


def corruption(keys_B: jax.Array, share: float, patches: int) -> Corruption:
    """Returns which of so many patches are corrupted, and how: a function of each image's key.

    Of each image it is the same number, the nearest to `share` of all and at least 1; each of them is masked with
    chance 0.8, swapped for another patch with chance 0.1, and else stays.
    """
    count, places_T = max(1, round(share * patches)), jnp.arange(patches)

    def draw(key: jax.Array) -> Corruption:
        order, kind, other = jax.random.split(jax.random.fold_in(key, _CORRUPTION), 3)
        chosen_T = jax.random.permutation(order, patches) < count
        kinds_T = jax.random.uniform(kind, (patches,), jnp.float32)
        is_swapped_T = chosen_T & (kinds_T >= _MASKED) & (kinds_T < _MASKED + _SWAPPED)
        others_T = (places_T + jax.random.randint(other, (patches,), 1, patches)) % patches
        return Corruption(chosen_T, chosen_T & (kinds_T < _MASKED), jnp.where(is_swapped_T, others_T, places_T))

    return jax.vmap(draw)(keys_B)
