"""One training step: everything that turns a state and a batch into the next state."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.sharding import Mesh, PartitionSpec
from jax.typing import ArrayLike, DTypeLike

from runtime.losses import cross_entropy, targets
from runtime.mesh import BATCH, shard_size
from runtime.mixing import Partners, own_pixels, partners
from runtime.models.regularization import Regularization
from runtime.optim.average import averaged
from runtime.optim.hyper import Hyper
from runtime.optim.layers import frozen
from runtime.optim.optimizer import optimizer
from runtime.optim.sam import sharpness_aware
from runtime.parameters import Layouts, Parameters
from runtime.placement import Places, gathered, summed
from runtime.state import TrainState

# Red, green and blue of ImageNet's training images, on the scale of 0 to 1.
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)

Apply = Callable[[Parameters, jax.Array, Regularization | None], jax.Array]
Prepare = Callable[[Parameters], Parameters]


class Metrics(NamedTuple):
    """What is known of a step once it is done."""

    loss: jax.Array  # float32 scalar: mean over the batch, before the update; with SAM at w + e


class Examples(NamedTuple):
    """A batch, or one device's part of it."""

    images: jax.Array  # [b, h, w, 3] uint8
    labels: jax.Array  # [b] int32
    weights: jax.Array  # [b] float32: 1, or 0 for padding
    keys: jax.Array  # [b] PRNG keys of dropout, stochastic depth and mixtures
    partners: Partners | None  # what they are mixed with


class Inputs(NamedTuple):
    """Examples as the network is given them, mixed with others or not."""

    images: jax.Array  # [b, h, w, 3] normalised, in the dtype the network computes in
    labels: jax.Array  # [b] int32
    others: jax.Array  # [b] int32: labels of what they are mixed with
    shares: jax.Array  # [b] float32: how much of the target the label has; the other has the rest
    weights: jax.Array  # [b] float32: 1, or 0 for padding
    keys: jax.Array  # [b] PRNG keys


Step = Callable[[TrainState, Hyper, jax.Array, jax.Array, jax.Array], tuple[TrainState, Metrics]]


def train_step(
    prepare: Prepare, forward: Apply, layouts: Layouts, places: Places, mesh: Mesh, dtype: DTypeLike
) -> Step:
    """Returns the pure function of one training step, to be jitted.

    ``step(state, hyper, images_BxHxWx3, labels_B, weights_B)`` takes uint8 images, int32 labels and
    float32 weights of the global batch and returns the next state and the step's metrics::

        loss = sum_i weight_i * cross_entropy_i / sum_i weight_i        over the global batch
        order: mixing -> gradient -> the optimizer's update -> w -> average of w

    The network is ``forward(prepare(w), images)``. It computes in `dtype`; parameters, average and all sums are
    float32, and so is `prepare`, of which devices that share a copy of the parameters do a part each. Where
    the recipe has no SAM the result does not depend on the number of devices beyond rounding; with
    SAM each device ascends along its own gradient, or all along their sum, on the first of its examples.

    The step raises ValueError where the batch does not divide evenly over the mesh.
    """
    gradient = jax.shard_map(
        partial(_gradient, prepare, forward, layouts, places, dtype),
        mesh=mesh,
        in_specs=(places, PartitionSpec(), PartitionSpec(BATCH)),
        out_specs=(PartitionSpec(), places),
    )

    def step(
        state: TrainState, hyper: Hyper, images_BxHxWx3: jax.Array, labels_B: jax.Array, weights_B: jax.Array
    ) -> tuple[TrainState, Metrics]:
        shard_size(labels_B.shape[0], mesh)
        keys_B = example_keys(hyper.key, state.step, labels_B.shape[0])
        is_mixed = hyper.mixup is not None or hyper.cutmix is not None
        others = partners(images_BxHxWx3, labels_B, weights_B) if is_mixed else None
        examples = Examples(images_BxHxWx3, labels_B, weights_B, keys_B, others)
        # An ascent is along the gradient of the parameters themselves.
        weights, pullback = jax.vjp(prepare if hyper.sam is None else _unprepared, state.parameters)
        loss, gradients = gradient(weights, hyper, examples)
        return _updated(state, pullback(gradients)[0], layouts, hyper), Metrics(loss)

    return step


def example_keys(key: jax.Array, step: ArrayLike, batch: int) -> jax.Array:
    """Returns the key of each example of step `step` [b]: a function of the run's key, the step and the place."""
    return jax.vmap(jax.random.fold_in, (None, 0))(jax.random.fold_in(key, step), jnp.arange(batch))


def normalize(images_BxHxWx3: jax.Array, dtype: DTypeLike) -> jax.Array:
    """Returns ``(images / 255 - MEAN) / STD`` in `dtype`, computed in float32; images are uint8."""
    return ((images_BxHxWx3 / jnp.float32(255) - jnp.array(MEAN)) / jnp.array(STD)).astype(dtype)


def _unprepared(parameters: Parameters) -> Parameters:
    return parameters


def _gradient(
    prepare: Prepare,
    forward: Apply,
    layouts: Layouts,
    places: Places,
    dtype: DTypeLike,
    weights: Parameters,
    hyper: Hyper,
    examples: Examples,
) -> tuple[jax.Array, Parameters]:
    """Returns loss and gradient of the global batch; runs on each device's part of it.

    Differentiation is by each device's own copy of the weights, so that it does not sum over devices
    by itself: the ascent of SAM is local, and gradients are summed once, in float32.
    """
    total = jnp.maximum(jax.lax.psum(jnp.sum(examples.weights), BATCH), 1)  # 0 where no image could be read

    def apply(weights: Parameters, images: jax.Array, regularization: Regularization | None) -> jax.Array:
        return forward(weights if hyper.sam is None else prepare(weights), images, regularization)

    gradient = jax.value_and_grad(partial(_loss, apply, layouts, hyper, total))
    # The steps of an ascent are too short for weights in bfloat16.
    weights = gathered(weights, places, dtype if hyper.sam is None else jnp.float32)
    if hyper.sam is not None:
        over = BATCH if hyper.sam.over == "global" else None
        gradient = sharpness_aware(gradient, hyper.sam.rho, hyper.sam.fraction, over=over)
    loss, gradients = gradient(weights, _inputs(examples, hyper, dtype))
    return jax.lax.psum(loss, BATCH), summed(gradients, places)


def _inputs(examples: Examples, hyper: Hyper, dtype: DTypeLike) -> Inputs:
    images, labels, weights, keys, partners = examples
    if partners is None:
        return Inputs(normalize(images, dtype), labels, labels, jnp.ones_like(weights), weights, keys)
    own, shares = own_pixels(keys, partners, hyper.mixup, hyper.cutmix)
    mixed = own * normalize(images, jnp.float32) + (1 - own) * normalize(partners.images, jnp.float32)
    return Inputs(mixed.astype(dtype), labels, partners.labels, shares, weights, keys)


def _loss(
    apply: Apply, layouts: Layouts, hyper: Hyper, total: jax.Array, parameters: Parameters, inputs: Inputs
) -> jax.Array:
    """Returns what `inputs` contribute to the mean loss of a batch of weight `total`."""

    def prepared(parameter: jax.Array, keeps: bool) -> jax.Array:
        # Where a body is frozen, nothing is differentiated below the classifier.
        return (jax.lax.stop_gradient(parameter) if keeps else parameter).astype(inputs.images.dtype)

    parameters = jax.tree.map(prepared, parameters, frozen(layouts, hyper.freeze))
    regularization = Regularization(inputs.keys, hyper.stochastic_depth, hyper.dropout)
    logits_bxK = apply(parameters, inputs.images, regularization).astype(jnp.float32)
    losses_b = cross_entropy(hyper.loss, logits_bxK, _targets(inputs, logits_bxK.shape[-1], hyper.label_smoothing))
    return jnp.sum(inputs.weights * losses_b) / total


def _targets(inputs: Inputs, classes: int, smoothing: ArrayLike) -> jax.Array:
    """Returns the targets of mixtures [b, K]."""
    own_bxK, other_bxK = (targets(labels, classes, smoothing) for labels in (inputs.labels, inputs.others))
    return inputs.shares[:, None] * own_bxK + (1 - inputs.shares[:, None]) * other_bxK


def _updated(state: TrainState, gradients: Parameters, layouts: Layouts, hyper: Hyper) -> TrainState:
    """Returns the state after descending along `gradients`."""
    rule = optimizer(layouts, hyper, state.step)
    updates, optimizer_state = rule.update(gradients, state.optimizer_state, state.parameters)
    parameters = jax.tree.map(jnp.add, state.parameters, updates)
    return TrainState(state.step + 1, parameters, optimizer_state, _average(state, parameters, hyper))


def _average(state: TrainState, parameters: Parameters, hyper: Hyper) -> Parameters | None:
    if hyper.average is None:
        return None
    assert state.average is not None, "a recipe with an average needs a state with one"
    return averaged(hyper.average, state.average, parameters, state.step, hyper.steps)
