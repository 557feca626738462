"""Mixup and CutMix: images that are partly others of their batch.

Both say how much of each pixel is the image's own; its label's share is the mean of that. All randomness
comes from the images' keys, so a mixture is a function of the seed, the step and the place in the batch.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from nfdsl.schema.augmentation import CutMix, Mixup

_MIXUP, _CUTMIX = 2, 3  # purposes that a key is folded with; 0 and 1 are the network's


class Partners(NamedTuple):
    """What the images of a batch, or of one device's part of it, are mixed with."""

    images: jax.Array  # [b, h, w, 3] uint8
    labels: jax.Array  # [b] int32
    weights: jax.Array  # [b] float32: 0 for padding, with which nothing is mixed
    in_first_half: jax.Array  # [b] bool: whether an image is in the first half of the batch


def partners(images_BxHxWx3: jax.Array, labels_B: jax.Array, weights_B: jax.Array) -> Partners:
    """Returns the partners of a global batch: of each image the one half a batch further on."""
    size = labels_B.shape[0]
    further = (jnp.roll(array, -(size // 2), axis=0) for array in (images_BxHxWx3, labels_B, weights_B))
    return Partners(*further, in_first_half=jnp.arange(size) < size // 2)


def own_pixels(
    keys_B: jax.Array, partners: Partners, mixup: Mixup | None, cutmix: CutMix | None
) -> tuple[jax.Array, jax.Array]:
    """Returns the share of each pixel [b, h, w, 1] and of each label [b] that is the image's own.

    With mixup all pixels of an image have the share lambda ~ Beta(alpha, alpha). With cutmix the pixels of a box
    have 0 and others 1, where the box's sides are sqrt(1 - lambda) of the image's, its centre is uniform, and what
    sticks out of the image is cut off. With both, the batch's first half has mixup and its second half cutmix.
    """
    height, width = partners.images.shape[1:3]
    blended = None if mixup is None else jax.vmap(lambda key: _blend(key, mixup))(keys_B)
    patched = None if cutmix is None else jax.vmap(lambda key: _patch(key, cutmix, height, width))(keys_B)
    if blended is None or patched is None:
        chosen = blended if patched is None else patched
        assert chosen is not None, "there is nothing to mix without mixup and cutmix"
    else:
        chosen = jnp.where(partners.in_first_half[:, None, None], blended, patched)
    own_BxHxW = jnp.where(
        partners.weights[:, None, None] > 0, jnp.broadcast_to(chosen, (len(keys_B), height, width)), 1
    )
    return own_BxHxW[..., None], jnp.mean(own_BxHxW, axis=(1, 2))


def _blend(key: jax.Array, mixup: Mixup) -> jax.Array:
    """Returns one share for all pixels [1, 1]."""
    return jax.random.beta(jax.random.fold_in(key, _MIXUP), mixup.alpha, mixup.alpha, (1, 1), jnp.float32)


def _patch(key: jax.Array, cutmix: CutMix, height: int, width: int) -> jax.Array:
    """Returns 0 in a box and 1 around it [h, w]; corners lie between pixels (Yun et al. 2019, section 3.1)."""
    share, across, down = jax.random.split(jax.random.fold_in(key, _CUTMIX), 3)
    side = jnp.sqrt(1 - jax.random.beta(share, cutmix.alpha, cutmix.alpha, (), jnp.float32))
    inside_W = _interval(jax.random.uniform(across), side, width)
    inside_H = _interval(jax.random.uniform(down), side, height)
    return 1.0 - inside_H[:, None] * inside_W[None, :]


def _interval(centre: jax.Array, share: jax.Array, pixels: int) -> jax.Array:
    """Returns 1 for each of `pixels` within half of `share` around `centre`, both as shares of the side, else 0."""
    middle, half = jnp.floor(centre * pixels), jnp.floor(share * pixels) // 2
    places = jnp.arange(pixels)
    return ((places >= middle - half) & (places < middle + half)).astype(jnp.float32)
