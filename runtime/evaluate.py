"""What a network is worth on images it was not trained on."""

import math
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from nfdsl.schema.training import Loss
from runtime.losses import Sums, sums
from runtime.parameters import Layouts, Parameters
from runtime.step import Apply, normalize
from runtime.transfer import with_identity_classifier

_AHEAD = 2  # batches dispatched before the sums of the first are waited for, so that devices never idle

Inputs = tuple[jax.Array, jax.Array, jax.Array]  # images [b, h, w, 3] uint8, labels [b] int32, weights [b] float32
FeatureStep = Callable[[Parameters, jax.Array, jax.Array, jax.Array], tuple[jax.Array, jax.Array, jax.Array]]
EvaluationStep = Callable[[Parameters, jax.Array, jax.Array, jax.Array], "Outcome"]


@dataclass(frozen=True)
class Evaluation:
    """Means over the evaluated examples; no numbers where there are no examples."""

    loss: float | None  # the recipe's, without label smoothing
    top1: float | None  # shares in [0, 1]
    top5: float | None
    examples: int
    reassessed_top1: float | None = None  # share of the images with labels whose answer is one of them


class Outcome(NamedTuple):
    """What is known of a batch once it is evaluated."""

    sums: Sums
    answers: jax.Array  # [b], int32: the class of the largest logit, -1 of weight 0; [b, t] of patches


def evaluation_step(apply: Apply, loss: Loss) -> EvaluationStep:
    """Returns the pure function of one batch, to be jitted: float32 throughout, as published results are."""

    def step(parameters: Parameters, images_BxHxWx3: jax.Array, labels_B: jax.Array, weights_B: jax.Array) -> Outcome:
        logits_BxK = apply(parameters, normalize(images_BxHxWx3, jnp.float32), None)
        answers_B = jnp.where(weights_B > 0, jnp.argmax(logits_BxK, axis=-1), -1).astype(jnp.int32)
        return Outcome(sums(loss, logits_BxK, labels_B, weights_B), answers_B)

    return step


def feature_step(apply: Apply, layouts: Layouts) -> FeatureStep:
    """Returns the pure function, to be jitted, that turns a batch into features [b, d], labels and weights [b]."""

    def step(parameters: Parameters, images_BxHxWx3: jax.Array, labels_B: jax.Array, weights_B: jax.Array) -> Inputs:
        headless = with_identity_classifier(parameters, layouts)
        return apply(headless, normalize(images_BxHxWx3, jnp.float32), None), labels_B, weights_B

    return step


def evaluate(
    step: EvaluationStep, parameters: Parameters, batches: Iterable[Inputs], reassessed: NDArray[np.int32] | None = None
) -> Evaluation:
    """Returns the means over all examples of weight 1; of the compiled `step`.

    Args:
      reassessed: all right labels of each example [n, m], in the order of `batches`; -1 is none.
    """
    finished: list[tuple[tuple[float, ...], NDArray[np.int32]]] = []
    in_flight = deque[Outcome]()
    for batch in batches:
        in_flight.append(step(parameters, *batch))
        if len(in_flight) > _AHEAD:
            finished.append(_fetched(in_flight.popleft()))
    finished += map(_fetched, in_flight)
    evaluation = _means([sums for sums, _ in finished])
    if reassessed is None or not finished:
        return evaluation
    answers = np.concatenate([answers for _, answers in finished])
    return replace(evaluation, reassessed_top1=reassessed_top1(answers[: len(reassessed)], reassessed))


def reassessed_top1(answers: NDArray[np.int32], reassessed: NDArray[np.int32]) -> float | None:
    """Returns the share of `answers` [n] that are among the labels [n, m] of their example, of those that have any.

    An example whose answer is -1 could not be read and does not count either.
    """
    labelled = (answers >= 0) & (reassessed >= 0).any(axis=1)
    right = (reassessed == answers[:, None]).any(axis=1)
    return float(right[labelled].mean()) if labelled.any() else None


def _fetched(outcome: Outcome) -> tuple[tuple[float, ...], NDArray[np.int32]]:
    sums, answers = jax.device_get(outcome)
    return tuple(map(float, sums)), answers


def _means(batches: list[tuple[float, ...]]) -> Evaluation:
    loss, top1, top5, examples = map(math.fsum, zip(*batches, strict=True)) if batches else (0.0,) * 4
    if not examples:
        return Evaluation(None, None, None, 0)
    return Evaluation(loss / examples, top1 / examples, top5 / examples, round(examples))
