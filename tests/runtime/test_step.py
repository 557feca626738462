"""Tests of the training step, on a network small enough to write its gradient step out."""

from dataclasses import replace
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import PartitionSpec

from nfdsl.schema.augmentation import CutMix, Mixup
from nfdsl.schema.averages import EMA
from nfdsl.schema.hardware import Hardware
from nfdsl.schema.optimizers import AGC, SGD, GlobalNorm
from nfdsl.schema.schedules import Linear
from nfdsl.schema.training import SAM
from runtime.losses import cross_entropy, targets
from runtime.mesh import SHARD, data_mesh, replicated
from runtime.mixing import own_pixels, partners
from runtime.models.regularization import Regularization
from runtime.optim.agc import clip
from runtime.optim.hyper import hyper
from runtime.parameters import Layout
from runtime.placement import state_shardings
from runtime.state import initial_state
from runtime.step import classification, example_keys, normalize, train_step

BATCH, SIDE, CLASSES = 8, 4, 4
DROPOUT, DEPTH, SMOOTHING = 0.5, 0.3, 0.1
LAYOUTS = {
    "hidden": {
        "kernel": Layout(("in", "out"), "kernel"),
        "gain": Layout(("out",), "gain"),
        "bias": Layout(("out",), "bias"),
    },
    "head": {"kernel": Layout(("in", "out"), "head"), "bias": Layout(("out",), "bias")},
}
WHOLE = jax.tree.map(lambda _: PartitionSpec(), LAYOUTS)
PLACES = {  # by the number of devices that share a copy of the state: an axis that units extend over, and one of units
    1: WHOLE,
    2: {
        "hidden": {"kernel": PartitionSpec(SHARD, None), "gain": PartitionSpec(), "bias": PartitionSpec()},
        "head": {"kernel": PartitionSpec(None, SHARD), "bias": PartitionSpec()},
    },
}


def prepare(parameters):
    """Centres the hidden layer's kernel over the axis that devices may share out, and scales it."""
    hidden = parameters["hidden"]
    return parameters | {"hidden": hidden | {"kernel": hidden["gain"] * (hidden["kernel"] - hidden["kernel"].mean(0))}}


def forward(parameters, images, regularization):
    """A network of one hidden layer, with both kinds of noise."""
    if regularization is not None:
        images = regularization.skip(images, 0, share=1.0)
    hidden, head = parameters["hidden"], parameters["head"]
    features = jax.nn.gelu(images.reshape(len(images), -1) @ hidden["kernel"] + hidden["bias"])
    if regularization is not None:
        features = regularization.drop(features)
    return (features @ head["kernel"] + head["bias"]).astype(jnp.float32)


def apply(parameters, images, regularization):
    return forward(prepare(parameters), images, regularization)


def initialized():
    draws = np.random.default_rng(0)
    kernels = draws.normal(size=(SIDE * SIDE * 3, 16)) / 7, draws.normal(size=(16, CLASSES)) / 4
    hidden, head = (jnp.asarray(kernel, jnp.float32) for kernel in kernels)
    return {
        "hidden": {"kernel": hidden, "gain": jnp.ones(16), "bias": jnp.zeros(16)},
        "head": {"kernel": head, "bias": jnp.zeros(CLASSES)},
    }


def batch(seed=0, size=BATCH):
    draws = np.random.default_rng(seed)
    images = draws.integers(0, 256, (size, SIDE, SIDE, 3), np.uint8)
    return images, draws.integers(0, CLASSES, size, np.int32), np.ones(size, np.float32)


def devices(count, shards=1):
    return data_mesh(jax.devices()[:count], shards)


def shardings(state, mesh):
    return state_shardings(state, state.parameters, PLACES[mesh.shape[SHARD]], mesh)


def varied(run, **changes):
    return replace(run, recipe=replace(run.recipe, **changes))


def noisy(run, **changes):
    return varied(run, dropout=DROPOUT, stochastic_depth=DEPTH, label_smoothing=SMOOTHING, **changes)


@cache
def compiled(run, mesh):
    losses, places = classification(forward), PLACES[mesh.shape[SHARD]]
    return jax.jit(train_step(prepare, losses, LAYOUTS, places, mesh, jnp.float32, run.recipe.ascents))


def begun(run):
    return initial_state(initialized(), LAYOUTS, hyper(run))


def trained(run, mesh, batches):
    """Returns the state after `batches` and each one's loss."""
    state, losses = begun(run), []
    step, state = compiled(run, mesh), jax.device_put(state, shardings(state, mesh))
    for arrays in batches:
        state, metrics = step(state, hyper(run), *arrays)
        losses.append(float(metrics.loss))
    return state, losses


@jax.jit
@jax.value_and_grad
def gradient_by_hand(parameters, images, labels, weights, keys):
    """Returns the sum of losses of a noisy run and its gradient, without the step's own code for it."""
    mean, std = jnp.array([0.485, 0.456, 0.406]), jnp.array([0.229, 0.224, 0.225])
    logits = apply(parameters, (images / 255.0 - mean) / std, Regularization(keys, DEPTH, DROPOUT))
    return jnp.sum(weights * cross_entropy("softmax", logits, targets(labels, CLASSES, SMOOTHING)))


def examples(run, arrays, step=0):
    return *arrays, example_keys(hyper(run).key, step, BATCH)


def descended(gradient, rate):
    return jax.tree.map(lambda w, g: w - rate * g, initialized(), gradient)


def padded(real, seed=0):
    """Returns a batch of which only the first `real` examples count."""
    images, labels, weights = batch(seed)
    weights[real:] = 0
    return images, labels, weights


def assert_close(actual, expected):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6), actual, expected)


@pytest.mark.parametrize(("at", "real"), [(0, BATCH), (3, BATCH), (0, 5)])
def test_a_step_descends_along_the_gradient_of_the_mean_loss(run, at, real):
    """With the keys and the learning rate of the state's step."""
    run = noisy(run, optimizer=SGD(0.0, False, 0.0), schedule=Linear())
    value, gradient = gradient_by_hand(initialized(), *examples(run, padded(real), at))
    before = jax.device_put(replace(begun(run), step=jnp.int32(at)), replicated(devices(1)))
    state, metrics = compiled(run, devices(1))(before, hyper(run), *padded(real))
    np.testing.assert_allclose(metrics.loss, value / real, rtol=1e-5)
    assert_close(state.parameters, descended(gradient, 0.1 * (10 - at) / 10 / real))
    assert state.step == at + 1


def full(run):
    """Returns a run with every part that leaves the result independent of the devices."""
    return noisy(run, clip=AGC(0.05), optimizer=SGD(0.9, True, 1e-3), average=EMA(0.9999))


def test_results_do_not_depend_on_the_number_of_devices(run):
    batches = [batch(0), batch(1), padded(5, seed=2)]  # the last of four devices gets nothing real at last
    one, losses_of_one = trained(full(run), devices(1), batches)
    for mesh in (devices(2), devices(4), devices(2, shards=2), devices(4, shards=2), devices(8, shards=2)):
        many, losses_of_many = trained(full(run), mesh, batches)
        np.testing.assert_allclose(losses_of_many, losses_of_one, rtol=1e-5)
        assert_close(many, one)


def test_padding_changes_nothing(run):
    images, labels, weights = padded(5)
    other = images.copy()
    other[5:] = 255 - other[5:]
    state, losses = trained(full(run), devices(4), [(images, labels, weights)])
    same, same_losses = trained(full(run), devices(4), [(other, labels, weights)])
    assert losses == same_losses
    assert_close(state, same)


def test_a_batch_of_which_no_image_could_be_read_has_no_loss_and_no_gradient(run):
    state, losses = trained(full(run), devices(4), [padded(0)])
    decayed = initialized()
    for layer, name in (("hidden", "kernel"), ("head", "kernel")):
        decayed[layer][name] *= 1 - 0.1 * 1e-3 * 1.9  # by weight decay alone, with Nesterov momentum
    assert losses == [0.0]
    assert_close(state.parameters, decayed)


def test_the_average_follows_the_new_weights(run):
    state, _ = trained(full(run), devices(4), [batch()])
    expected = jax.tree.map(lambda old, new: 0.1 * old + 0.9 * new, initialized(), state.parameters)
    assert_close(state.average, expected)


def sharpness_aware_by_hand(run, arrays, parts):
    """Returns the sums of loss and gradient of SAM, each part ascending on every other of its examples."""
    sums = []
    for part in np.split(np.arange(BATCH), parts):
        _, ascent = gradient_by_hand(initialized(), *(array[part[::2]] for array in examples(run, arrays)))
        norm = np.sqrt(sum(np.sum(np.square(leaf)) for leaf in jax.tree.leaves(ascent)))
        worst = descended(ascent, -run.recipe.sam.rho / norm) if norm else initialized()
        sums.append(gradient_by_hand(worst, *(array[part] for array in examples(run, arrays))))
    return jax.tree.map(lambda *parts: sum(parts), *sums)


MESHES = {"one": devices(1), "two": devices(2), "four": devices(4), "shared": devices(4, shards=2)}
ASCENTS = (("shard", 4, 4), ("shard", 1, 1), ("global", 4, 1))


@pytest.mark.parametrize("real", [BATCH, 5])
@pytest.mark.parametrize(
    ("mesh", "over", "chips", "parts"),
    [
        *(pytest.param(mesh, *how, id=f"{name}-{how[0]}-{how[1]}") for name, mesh in MESHES.items() for how in ASCENTS),
        pytest.param(devices(8), "global", 4, 1, id="eight"),  # of which every other has no part in the ascent
    ],
)
def test_with_sam_each_part_ascends_on_its_own_examples_whatever_the_devices(run, real, mesh, over, chips, parts):
    """The gradients are summed and then clipped by the weights that SAM starts from."""
    run = noisy(
        run,
        sam=SAM(0.5, 0.5, over),
        hardware=Hardware(topology=(chips,)),
        clip=AGC(0.05),
        optimizer=SGD(0.0, False, 0.0),
    )
    value, gradient = sharpness_aware_by_hand(run, padded(real), parts)
    mean = jax.tree.map(lambda leaf: leaf / real, gradient)
    state, (loss,) = trained(run, mesh, [padded(real)])
    np.testing.assert_allclose(loss, value / real, rtol=1e-5)
    assert_close(state.parameters, descended(clip(mean, initialized(), LAYOUTS, 0.05, 1e-3), 0.1))


def test_parts_of_sam_that_devices_cannot_share_are_refused(run):
    run = noisy(run, sam=SAM(0.5, 0.5), hardware=Hardware(topology=(2,)))
    with pytest.raises(ValueError, match="`sam` ascends on 2 parts of each batch"):
        trained(run, devices(4), [batch()])


def test_with_sam_the_average_is_of_the_weights_and_not_of_where_they_ascended(run):
    state, _ = trained(replace(full(run), recipe=replace(full(run).recipe, sam=SAM(0.5))), devices(4), [batch()])
    expected = jax.tree.map(lambda old, new: 0.1 * old + 0.9 * new, initialized(), state.parameters)
    assert_close(state.average, expected)


@pytest.mark.parametrize("mixup", [Mixup(1.0), None])
def test_mixtures_are_learned_as_mixtures(run, mixup):
    """Loss and gradient of the mean over mixed images, each label with its share, across devices."""
    run = varied(run, mixup=mixup, cutmix=CutMix(), optimizer=SGD(0.0, False, 0.0))
    images, labels, weights = batch()
    keys = example_keys(hyper(run).key, 0, BATCH)
    others = partners(jnp.asarray(images), jnp.asarray(labels), jnp.asarray(weights))
    own, shares = jax.jit(own_pixels)(keys, others, hyper(run).mixup, hyper(run).cutmix)
    mixed = own * normalize(jnp.asarray(images), jnp.float32) + (1 - own) * normalize(others.images, jnp.float32)

    def mean_loss(parameters):
        logits = apply(parameters, mixed, None)
        own_loss, other_loss = (
            cross_entropy("softmax", logits, jax.nn.one_hot(target, CLASSES)) for target in (labels, others.labels)
        )
        return jnp.mean(shares * own_loss + (1 - shares) * other_loss)

    value, gradient = jax.value_and_grad(mean_loss)(initialized())
    state, (loss,) = trained(run, devices(4), [(images, labels, weights)])
    np.testing.assert_allclose(loss, value, rtol=1e-5)
    assert_close(state.parameters, descended(gradient, 0.1))


def test_a_frozen_body_keeps_its_weights_and_sam_does_not_move_it(run):
    run = varied(run, freeze="body", sam=SAM(0.5), optimizer=SGD(0.9, True, 0.1))
    state, _ = trained(run, devices(2), [batch(0), batch(1)])
    np.testing.assert_array_equal(state.parameters["hidden"]["kernel"], initialized()["hidden"]["kernel"])
    assert not np.allclose(state.parameters["head"]["kernel"], initialized()["head"]["kernel"])


@pytest.mark.parametrize("sam", [None, SAM(0.5)])
def test_what_is_frozen_has_no_part_in_the_norm_that_is_clipped(run, sam):
    run = varied(run, freeze="kernels", sam=sam, clip=GlobalNorm(1e-3), optimizer=SGD(0.0, False, 0.0))
    state, _ = trained(run, devices(2), [batch()])
    moved = jax.tree.map(jnp.subtract, state.parameters, initialized())
    length = np.sqrt(sum(np.sum(np.square(leaf)) for leaf in jax.tree.leaves(moved)))
    np.testing.assert_allclose(length, 0.1 * 1e-3, rtol=1e-3)


@pytest.mark.parametrize("sam", [None, SAM(0.5)])
def test_where_kernels_are_frozen_the_gains_they_are_prepared_with_learn(run, sam):
    state, _ = trained(varied(run, freeze="kernels", sam=sam), devices(2), [batch(0)])
    everything, _ = trained(varied(run, sam=sam), devices(2), [batch(0)])
    np.testing.assert_array_equal(state.parameters["hidden"]["kernel"], initialized()["hidden"]["kernel"])
    assert not np.allclose(state.parameters["hidden"]["gain"], 1)
    if sam is None:  # which ascends along other parameters where some are frozen
        np.testing.assert_allclose(
            state.parameters["hidden"]["gain"], everything.parameters["hidden"]["gain"], rtol=1e-5
        )


def test_the_sigmoid_loss_is_the_mean_over_images_of_the_sum_over_classes(run):
    images, labels, weights = batch()
    logits = apply(initialized(), normalize(jnp.asarray(images), jnp.float32), None)
    expected = jnp.mean(cross_entropy("sigmoid", logits, jax.nn.one_hot(labels, CLASSES)))
    _, (loss,) = trained(varied(run, loss="sigmoid"), devices(2), [(images, labels, weights)])
    np.testing.assert_allclose(loss, expected, rtol=1e-5)


def test_one_program_serves_all_numbers_and_the_state_can_be_donated(run):
    run = noisy(run, clip=AGC(0.01), sam=SAM(0.05), average=EMA(0.9))
    other = replace(noisy(run, clip=AGC(0.02), sam=SAM(0.1), average=EMA(0.99), seed=2**63), lr=0.4)
    traces = []

    def counted(*arguments):
        traces.append(arguments)
        losses = classification(forward)
        return train_step(prepare, losses, LAYOUTS, PLACES[1], devices(2), jnp.float32)(*arguments)

    step, state = jax.jit(counted, donate_argnums=0), jax.device_put(begun(run), replicated(devices(2)))
    for numbers in (hyper(run), hyper(other), hyper(run)):
        state, metrics = step(state, numbers, *batch())
        assert jnp.isfinite(metrics.loss)
    assert state.step == 3
    assert len(traces) == 1


@pytest.mark.parametrize("sam", [None, SAM(0.05)])
def test_bfloat16_is_for_the_network_alone(run, sam):
    run, seen, given = noisy(run, sam=sam), [], []

    def watched(parameters, images, regularization):
        seen.extend([images.dtype, *(leaf.dtype for leaf in jax.tree.leaves(parameters))])
        return forward(parameters, images, regularization)

    def exactly(parameters):
        given.extend(leaf.dtype for leaf in jax.tree.leaves(parameters))
        return prepare(parameters)

    losses = classification(watched)
    lowered = jax.jit(train_step(exactly, losses, LAYOUTS, PLACES[1], devices(2), jnp.bfloat16)).lower(
        jax.device_put(begun(run), replicated(devices(2))), hyper(run), *batch()
    )
    assert set(seen) == {jnp.dtype(jnp.bfloat16)}
    assert set(given) == {jnp.dtype(jnp.float32)}
    state, metrics = lowered.compile()(jax.device_put(begun(run), replicated(devices(2))), hyper(run), *batch())
    assert {leaf.dtype for leaf in jax.tree.leaves(state)} == {jnp.dtype("float32"), jnp.dtype("int32")}
    if sam is None:
        value, _ = gradient_by_hand(initialized(), *examples(run, batch()))
        np.testing.assert_allclose(metrics.loss, value / BATCH, rtol=1e-2)
    reductions = [part.split("}) : ")[1].split("->")[0] for part in lowered.as_text().split("all_reduce")[1:]]
    assert len(reductions) > 1
    assert all("f32" in operand and "bf16" not in operand for operand in reductions)


def test_a_batch_that_does_not_divide_is_refused(run):
    with pytest.raises(ValueError, match="a batch of 6 images does not divide evenly over 4 devices"):
        compiled(run, devices(4))(begun(run), hyper(run), *batch(size=6))


def test_images_are_normalized_per_channel():
    images = np.zeros((1, 1, 2, 3), np.uint8)
    images[0, 0, 1] = 255
    expected = [[[[-0.485 / 0.229, -0.456 / 0.224, -0.406 / 0.225], [0.515 / 0.229, 0.544 / 0.224, 0.594 / 0.225]]]]
    np.testing.assert_allclose(normalize(jnp.asarray(images), jnp.float32), expected, rtol=1e-5)
    assert normalize(jnp.asarray(images), jnp.bfloat16).dtype == jnp.bfloat16


def key_words(seed, step, size):
    return np.asarray(jax.random.key_data(example_keys(jax.random.key(seed), step, size)))


def test_keys_are_functions_of_seed_step_and_place():
    words = key_words(seed=5, step=3, size=8)
    assert len(np.unique(words, axis=0)) == 8
    np.testing.assert_array_equal(key_words(seed=5, step=3, size=4), words[:4])
    for other in (key_words(seed=5, step=4, size=8), key_words(seed=6, step=3, size=8)):
        assert not (other == words).all(axis=1).any()
