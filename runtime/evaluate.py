"""What a network is worth on images it was not trained on."""

import math
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import jax
import jax.numpy as jnp

from nfdsl.schema.training import Loss
from runtime.losses import Sums, sums
from runtime.parameters import Layouts, Parameters
from runtime.step import Apply, normalize
from runtime.transfer import with_identity_classifier

_AHEAD = 2  # batches dispatched before the sums of the first are waited for, so that devices never idle

Inputs = tuple[jax.Array, jax.Array, jax.Array]  # images [b, h, w, 3] uint8, labels [b] int32, weights [b] float32
FeatureStep = Callable[[Parameters, jax.Array, jax.Array, jax.Array], tuple[jax.Array, jax.Array, jax.Array]]
EvaluationStep = Callable[[Parameters, jax.Array, jax.Array, jax.Array], Sums]


@dataclass(frozen=True)
class Evaluation:
    """Means over the evaluated examples; no numbers where there are no examples."""

    loss: float | None  # the recipe's, without label smoothing
    top1: float | None  # shares in [0, 1]
    top5: float | None
    examples: int


def evaluation_step(apply: Apply, loss: Loss) -> EvaluationStep:
    """Returns the pure function of one batch, to be jitted: float32 throughout, as published results are."""

    def step(parameters: Parameters, images_BxHxWx3: jax.Array, labels_B: jax.Array, weights_B: jax.Array) -> Sums:
        logits_BxK = apply(parameters, normalize(images_BxHxWx3, jnp.float32), None)
        return sums(loss, logits_BxK, labels_B, weights_B)

    return step


def feature_step(apply: Apply, layouts: Layouts) -> FeatureStep:
    """Returns the pure function, to be jitted, that turns a batch into features [b, d], labels and weights [b]."""

    def step(parameters: Parameters, images_BxHxWx3: jax.Array, labels_B: jax.Array, weights_B: jax.Array) -> Inputs:
        headless = with_identity_classifier(parameters, layouts)
        return apply(headless, normalize(images_BxHxWx3, jnp.float32), None), labels_B, weights_B

    return step


def evaluate(step: EvaluationStep, parameters: Parameters, batches: Iterable[Inputs]) -> Evaluation:
    """Returns the means over all examples of weight 1; of the compiled `step`."""
    finished: list[tuple[float, ...]] = []
    in_flight = deque[Sums]()
    for batch in batches:
        in_flight.append(step(parameters, *batch))
        if len(in_flight) > _AHEAD:
            finished.append(_fetched(in_flight.popleft()))
    finished += map(_fetched, in_flight)
    return _means(finished)


def _fetched(sums: Sums) -> tuple[float, ...]:
    return tuple(map(float, jax.device_get(sums)))


def _means(batches: list[tuple[float, ...]]) -> Evaluation:
    if not batches:
        return Evaluation(None, None, None, 0)
    loss, top1, top5, examples = map(math.fsum, zip(*batches, strict=True))
    return Evaluation(loss / examples, top1 / examples, top5 / examples, round(examples))
