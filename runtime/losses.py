"""Loss and accuracy of a batch. A padded example has weight 0, any other 1."""

from typing import NamedTuple, assert_never

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from nfdsl.schema.training import Loss


class Sums(NamedTuple):
    """Sums over the examples of one or several batches, float32 scalars; divide by `examples`."""

    loss: jax.Array
    top1: jax.Array
    top5: jax.Array
    examples: jax.Array


def targets(labels_B: jax.Array, classes: int, smoothing: ArrayLike) -> jax.Array:
    """Returns the targets [B, K] in float32: ``1 - smoothing`` on the label, `smoothing` spread evenly over all K.

    Source: Szegedy et al. 2016, section 7.
    """
    share = jnp.asarray(smoothing, jnp.float32)
    return (1 - share) * jax.nn.one_hot(labels_B, classes) + share / classes


def cross_entropy(loss: Loss, logits_BxK: jax.Array, targets_BxK: jax.Array) -> jax.Array:
    """Returns each example's cross entropy [B], in the dtype of the logits; linear in the targets t.

    ::

        softmax    sum_k -t_k log softmax(x)_k
        sigmoid    sum_k -t_k log sigmoid(x_k) - (1 - t_k) log sigmoid(-x_k)     (Beyer et al. 2020, section 4)
    """
    match loss:
        case "softmax":
            # A product with one-hot labels: the gradient of a gather is a scatter, slow on TPUs.
            return -jnp.sum(targets_BxK * jax.nn.log_softmax(logits_BxK), axis=-1)
        case "sigmoid":
            positive_BxK, negative_BxK = jax.nn.log_sigmoid(logits_BxK), jax.nn.log_sigmoid(-logits_BxK)
            return -jnp.sum(targets_BxK * positive_BxK + (1 - targets_BxK) * negative_BxK, axis=-1)
        case _:
            assert_never(loss)


def sums(loss: Loss, logits_BxK: jax.Array, labels_B: jax.Array, weights_B: jax.Array) -> Sums:
    """Returns the weighted sums of loss (no smoothing), correct answers and examples.

    An answer is correct in the top k where fewer than k classes stand before the label; equal
    logits stand in the order of their class. With fewer than five classes all are in the top 5.
    """
    before_B = _classes_before(logits_BxK, labels_B)
    losses_B = cross_entropy(loss, logits_BxK, targets(labels_B, logits_BxK.shape[-1], 0.0))
    return Sums(
        loss=jnp.sum(weights_B * losses_B),
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
