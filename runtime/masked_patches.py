"""Masked patch prediction (Dosovitskiy et al. 2021, section 4.6 and appendix B.1.2): its targets, losses and measures.

A colour is a class, and an image's loss the mean over its corrupted patches. Shape suffixes: B batch, H height,
W width, T patches, K colours.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from nfdsl.schema.objectives import COLOURS
from nfdsl.schema.training import Loss
from runtime.evaluate import EvaluationStep, Outcome
from runtime.losses import cross_entropy, sums, targets
from runtime.models.regularization import Regularization
from runtime.optim.hyper import Hyper
from runtime.parameters import Parameters
from runtime.step import Inputs, Losses, normalize

_LEVELS, _WIDTH = 8, 32  # of a channel: 3 bits, each level of so many of a byte's 256 values

# The logits of each patch's colour and the patch's share in the loss, as `MaskedVisionTransformer.predict` gives them.
Predict = Callable[
    [Parameters, jax.Array, jax.Array, Regularization | None],
    tuple[jax.Array, jax.Array],
]


def colours(images_BxHxWx3: jax.Array, patch: int) -> jax.Array:
    """Returns the mean colour of each patch [B, T], int32 in [0, 512): ``64 red + 8 green + blue``, of 3 bits each.

    A channel's level is ``floor(mean / 32)`` of its bytes, computed exactly; patches are counted row by row.

    Args:
      images_BxHxWx3: uint8.
      patch: side of a patch in pixels, which divides both sides.
    """
    batch, height, width, channels = images_BxHxWx3.shape
    patches = images_BxHxWx3.reshape(batch, height // patch, patch, width // patch, patch, channels)
    sums_BxHxWx3 = jnp.sum(patches, axis=(2, 4), dtype=jnp.int32)
    levels = sums_BxHxWx3.reshape(batch, -1, channels) // (_WIDTH * patch**2)
    return jnp.sum(levels * jnp.array([_LEVELS**2, _LEVELS, 1]), axis=-1)


def patch_losses(predict: Predict, patch: int) -> Losses:
    """Returns the function that says an image's loss: the mean cross entropy of its corrupted patches' colours."""

    def losses(parameters: Parameters, inputs: Inputs, hyper: Hyper) -> jax.Array:
        noise = Regularization(inputs.keys, hyper.stochastic_depth, hyper.dropout)
        logits_BxTxK, shares_BxT = predict(parameters, inputs.images, inputs.keys, noise)
        targets_BxTxK = targets(colours(inputs.pixels, patch), COLOURS, hyper.label_smoothing)
        return jnp.sum(shares_BxT * cross_entropy(hyper.loss, logits_BxTxK, targets_BxTxK), axis=1)

    return losses


def patch_evaluation_step(predict: Predict, loss: Loss, patch: int) -> EvaluationStep:
    """Returns the pure function of one batch, to be jitted: float32 throughout.

    Loss and accuracy are of colours, means over an image's corrupted patches. Which these are is a function of the
    image alone, so that one image asks the same of every network, whatever its seed and batch.
    """

    def step(parameters: Parameters, images_BxHxWx3: jax.Array, _: jax.Array, weights_B: jax.Array) -> Outcome:
        images = normalize(images_BxHxWx3, jnp.float32)
        logits_BxTxK, shares_BxT = predict(parameters, images, _own_keys(images_BxHxWx3), None)
        logits, weights = logits_BxTxK.reshape(-1, COLOURS), (weights_B[:, None] * shares_BxT).reshape(-1)
        found = sums(loss, logits, colours(images_BxHxWx3, patch).reshape(-1), weights)
        return Outcome(found, jnp.argmax(logits_BxTxK, axis=-1).astype(jnp.int32))

    return step


def _own_keys(images_BxHxWx3: jax.Array) -> jax.Array:
    """Returns a key [B] for each image, made of the sum of its bytes."""
    sums_B = jnp.sum(images_BxHxWx3, axis=(1, 2, 3), dtype=jnp.uint32)
    return jax.vmap(jax.random.fold_in, (None, 0))(jax.random.key(0), sums_B)
