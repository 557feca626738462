"""Loss and accuracy of a batch. A padded example has weight 0, any other 1."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike


class Sums(NamedTuple):
    """Sums over the examples of one or several batches, float32 scalars; divide by `examples`."""

    loss: jax.Array
    top1: jax.Array
    top5: jax.Array
    examples: jax.Array


def cross_entropy(logits_BxK: jax.Array, labels_B: jax.Array, smoothing: ArrayLike) -> jax.Array:
    """Returns each example's softmax cross entropy [B], in the dtype of the logits.

    The target puts ``1 - smoothing`` on the label and spreads `smoothing` evenly over all K
    classes (Szegedy et al. 2016, section 7)::

        (1 - smoothing) * -log p[label]  +  smoothing / K * sum_k -log p[k]
    """
    losses_BxK = -jax.nn.log_softmax(logits_BxK)
    # A product with the one-hot labels: the gradient of a gather is a scatter, slow on TPUs.
    of_label_B = jnp.sum(losses_BxK * jax.nn.one_hot(labels_B, logits_BxK.shape[-1]), axis=-1)
    share = jnp.asarray(smoothing)
    return (1 - share) * of_label_B + share * jnp.mean(losses_BxK, axis=-1)


def sums(logits_BxK: jax.Array, labels_B: jax.Array, weights_B: jax.Array) -> Sums:
    """Returns the weighted sums of loss (no smoothing), correct answers and examples.

    An answer is correct in the top k where fewer than k classes stand before the label; equal
    logits stand in the order of their class. With fewer than five classes all are in the top 5.
    """
    before_B = _classes_before(logits_BxK, labels_B)
    return Sums(
        loss=jnp.sum(weights_B * cross_entropy(logits_BxK, labels_B, 0.0)),
        top1=jnp.sum(weights_B * (before_B < 1)),
        top5=jnp.sum(weights_B * (before_B < 5)),
        examples=jnp.sum(weights_B),
    )


def _classes_before(logits_BxK: jax.Array, labels_B: jax.Array) -> jax.Array:
    label_Bx1 = labels_B[:, None]
    logit_Bx1 = jnp.take_along_axis(logits_BxK, label_Bx1, axis=-1)
    tied_BxK = (logits_BxK == logit_Bx1) & (jnp.arange(logits_BxK.shape[-1]) < label_Bx1)
    # "Not at most", rather than "greater": a label whose logit is NaN stands last, never first.
    return jnp.sum(~(logits_BxK <= logit_Bx1) | tied_BxK, axis=-1)
