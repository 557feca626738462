"""One training step: everything that turns a state and a batch into the next state."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.sharding import Mesh, PartitionSpec
from jax.typing import ArrayLike, DTypeLike

from nfdsl.schema.training import SAM
from runtime.losses import cross_entropy, targets
from runtime.mesh import BATCH, shard_size
from runtime.mixing import Partners, own_pixels, partners
from runtime.models.regularization import Regularization
from runtime.optim.average import averaged
from runtime.optim.hyper import Hyper
from runtime.optim.layers import frozen
from runtime.optim.optimizer import optimizer
from runtime.optim.sam import AscentPlaces, Gradient, ascent_places, ascents_each, sharpness_aware
from runtime.parameters import Layouts, Parameters
from runtime.parts import Part, is_part
from runtime.placement import Gather, Places, gathered, summed
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
    pixels: jax.Array  # [b, h, w, 3] uint8: the images before they were mixed
    labels: jax.Array  # [b] int32
    others: jax.Array  # [b] int32: labels of what they are mixed with
    shares: jax.Array  # [b] float32: how much of the target the label has; the other has the rest
    weights: jax.Array  # [b] float32: 1, or 0 for padding
    keys: jax.Array  # [b] PRNG keys


Losses = Callable[[Parameters, Inputs, Hyper], jax.Array]  # of each example [b], float32; of prepared parameters
Step = Callable[[TrainState, Hyper, jax.Array, jax.Array, jax.Array], tuple[TrainState, Metrics]]


def train_step(
    prepare: Prepare,
    losses: Losses,
    layouts: Layouts,
    places: Places,
    mesh: Mesh,
    dtype: DTypeLike,
    ascents: int = 1,
    gather: Gather = "step",
) -> Step:
    """Returns the pure function of one training step, to be jitted.

    ``step(state, hyper, images_BxHxWx3, labels_B, weights_B)`` takes uint8 images, int32 labels and
    float32 weights of the global batch and returns the next state and the step's metrics::

        loss = sum_i weight_i * losses_i / sum_i weight_i        over the global batch
        order: mixing -> gradient -> the optimizer's update -> w -> average of w

    The losses are ``losses(prepare(w), inputs)``. The network computes in `dtype`; parameters, average and all sums
    are float32, and so is `prepare`, of which devices that share a copy of the parameters do a part each. The result
    does not depend on the number of devices beyond rounding: with SAM each of the `ascents` parts of the batch ascends
    along its own gradient, whichever devices hold it.

    The step raises ValueError where the batch, or its parts, do not divide evenly over the mesh.
    """
    gradient = jax.shard_map(
        partial(_gradient, prepare, losses, layouts, places, dtype, mesh.size, ascents, gather),
        mesh=mesh,
        in_specs=(places, PartitionSpec(), PartitionSpec(BATCH)),
        out_specs=(PartitionSpec(), places),
    )

    def step(
        state: TrainState, hyper: Hyper, images_BxHxWx3: jax.Array, labels_B: jax.Array, weights_B: jax.Array
    ) -> tuple[TrainState, Metrics]:
        shard_size(labels_B.shape[0], mesh.size)
        keys_B = example_keys(hyper.key, state.step, labels_B.shape[0])
        is_mixed = hyper.mixup is not None or hyper.cutmix is not None
        others = partners(images_BxHxWx3, labels_B, weights_B) if is_mixed else None
        examples = Examples(images_BxHxWx3, labels_B, weights_B, keys_B, others)
        # An ascent is along the gradient of the parameters themselves.
        before = _same if hyper.sam is not None else partial(_prepared, prepare, layouts, hyper)
        weights, pullback = jax.vjp(before, state.parameters)
        loss, gradients = gradient(weights, hyper, examples)
        return _updated(state, pullback(gradients)[0], layouts, hyper), Metrics(loss)

    return step


def example_keys(key: jax.Array, step: ArrayLike, batch: int) -> jax.Array:
    """Returns the key of each example of step `step` [b]: a function of the run's key, the step and the place."""
    return jax.vmap(jax.random.fold_in, (None, 0))(jax.random.fold_in(key, step), jnp.arange(batch))


def normalize(images_BxHxWx3: jax.Array, dtype: DTypeLike) -> jax.Array:
    """Returns ``(images / 255 - MEAN) / STD`` in `dtype`, computed in float32; images are uint8."""
    return ((images_BxHxWx3 / jnp.float32(255) - jnp.array(MEAN)) / jnp.array(STD)).astype(dtype)


def _same(parameters: Parameters) -> Parameters:
    return parameters


def _prepared(prepare: Prepare, layouts: Layouts, hyper: Hyper, parameters: Parameters) -> Parameters:
    """Returns what `prepare` does, of which only parameters that learn have a gradient."""
    return prepare(jax.tree.map(_still, parameters, frozen(layouts, hyper.freeze)))


def _still(parameter: jax.Array | Part, keeps: bool) -> jax.Array | Part:
    return jax.lax.stop_gradient(parameter) if keeps else parameter


def classification(forward: Apply) -> Losses:
    """Returns the function that says an example's loss: the cross entropy with its label, or both of a mixture."""

    def losses(prepared: Parameters, inputs: Inputs, hyper: Hyper) -> jax.Array:
        regularization = Regularization(inputs.keys, hyper.stochastic_depth, hyper.dropout)
        logits_bxK = forward(prepared, inputs.images, regularization).astype(jnp.float32)
        return cross_entropy(hyper.loss, logits_bxK, _targets(inputs, logits_bxK.shape[-1], hyper.label_smoothing))

    return losses


def _gradient(
    prepare: Prepare,
    losses: Losses,
    layouts: Layouts,
    places: Places,
    dtype: DTypeLike,
    devices: int,
    ascents: int,
    gather: Gather,
    weights: Parameters,
    hyper: Hyper,
    examples: Examples,
) -> tuple[jax.Array, Parameters]:
    """Returns loss and gradient of the global batch; runs on each device's part of it.

    Differentiation is by each device's own copy of the weights, so that it does not sum over devices
    by itself: the ascent of SAM is local, and gradients are summed once, in float32.
    """
    total = jnp.maximum(jax.lax.psum(jnp.sum(examples.weights), BATCH), 1)  # 0 where no image could be read

    after = _same if hyper.sam is None else partial(_prepared, prepare, layouts, hyper)
    gradient = jax.value_and_grad(partial(_loss, after, losses, layouts, hyper, total))
    # The steps of an ascent are too short for weights in bfloat16.
    weights = gathered(weights, layouts, places, dtype if hyper.sam is None else jnp.float32, gather)
    if hyper.sam is not None:
        gradient = _ascending(gradient, hyper.sam, ascents, examples.labels.shape[0], devices)
    loss, gradients = gradient(weights, _inputs(examples, hyper, dtype))
    return jax.lax.psum(loss, BATCH), summed(gradients, places)


def _ascending(gradient: Gradient[Inputs], sam: SAM, ascents: int, size: int, devices: int) -> Gradient[Inputs]:
    """Returns the gradient function of SAM on the `size` examples that each of `devices` holds."""
    each = ascents_each(ascents, size * devices, devices)
    if not each:
        chosen = partial(_chosen, ascent_places(size * devices, sam.fraction, devices))
        return sharpness_aware(gradient, sam.rho, chosen, over=BATCH)
    chosen = partial(_chosen, ascent_places(size // each, sam.fraction, 1))
    return _in_parts(sharpness_aware(gradient, sam.rho, chosen), each)


def _chosen(places: AscentPlaces, inputs: Inputs) -> Inputs:
    """Returns the examples of this device that an ascent is taken on."""
    device = jax.lax.axis_index(BATCH) if len(places.rows) > 1 else 0
    rows, counts = jnp.asarray(places.rows)[device], jnp.asarray(places.counts)[device]
    chosen = jax.tree.map(lambda array: array[rows], inputs)
    return chosen._replace(weights=chosen.weights * counts)


def _in_parts(gradient: Gradient[Inputs], parts: int) -> Gradient[Inputs]:
    """Returns the gradient function of the sum over equal parts of the examples, one after the other."""
    if parts == 1:
        return gradient

    def summed(parameters: Parameters, inputs: Inputs) -> tuple[jax.Array, Parameters]:
        def add(sums: tuple[jax.Array, Parameters], part: Inputs) -> tuple[tuple[jax.Array, Parameters], None]:
            return jax.tree.map(jnp.add, sums, gradient(parameters, part)), None

        nothing = jax.tree.map(jnp.zeros_like, (inputs.weights[0], parameters))
        split = jax.tree.map(lambda array: array.reshape(parts, -1, *array.shape[1:]), inputs)
        return jax.lax.scan(add, nothing, split)[0]

    return summed


def _inputs(examples: Examples, hyper: Hyper, dtype: DTypeLike) -> Inputs:
    images, labels, weights, keys, partners = examples
    if partners is None:
        return Inputs(normalize(images, dtype), images, labels, labels, jnp.ones_like(weights), weights, keys)
    own, shares = own_pixels(keys, partners, hyper.mixup, hyper.cutmix)
    mixed = own * normalize(images, jnp.float32) + (1 - own) * normalize(partners.images, jnp.float32)
    return Inputs(mixed.astype(dtype), images, labels, partners.labels, shares, weights, keys)


def _loss(
    prepare: Prepare,
    losses: Losses,
    layouts: Layouts,
    hyper: Hyper,
    total: jax.Array,
    parameters: Parameters,
    inputs: Inputs,
) -> jax.Array:
    """Returns what `inputs` contribute to the mean loss of a batch of weight `total`."""

    def cast(parameter: jax.Array | Part, keeps: bool) -> jax.Array | Part:
        return _still(parameter, keeps).astype(inputs.images.dtype)

    # Where a body is frozen, nothing is differentiated below the classifier. Where kernels alone are, what they are
    # prepared to has a gradient: that of the gains in it.
    still = frozen(layouts, "body" if hyper.freeze == "body" else "nothing")
    prepared = jax.tree.map(cast, prepare(parameters), still, is_leaf=is_part)
    return jnp.sum(inputs.weights * losses(prepared, inputs, hyper)) / total


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
