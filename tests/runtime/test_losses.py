"""Tests of loss and accuracy against NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from runtime.losses import cross_entropy, sums, targets


def logits(batch, classes):
    return np.random.default_rng(0).normal(size=(batch, classes)).astype(np.float32) * 3


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_cross_entropy_is_that_of_the_smoothed_target(smoothing):
    batch = logits(6, 4)
    labels = np.array([0, 1, 2, 3, 0, 1])
    target = np.eye(4)[labels] * (1 - smoothing) + smoothing / 4
    expected = -np.sum(target * (batch - np.log(np.sum(np.exp(batch), -1, keepdims=True))), -1)
    np.testing.assert_allclose(
        cross_entropy("softmax", jnp.asarray(batch), targets(labels, 4, smoothing)), expected, rtol=1e-5
    )


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_sigmoid_cross_entropy_takes_each_class_by_itself(smoothing):
    batch, labels = logits(6, 4).astype(np.float64), np.array([0, 1, 2, 3, 0, 1])
    target, chance = np.eye(4)[labels] * (1 - smoothing) + smoothing / 4, 1 / (1 + np.exp(-batch))
    expected = -np.sum(target * np.log(chance) + (1 - target) * np.log(1 - chance), -1)
    actual = cross_entropy("sigmoid", jnp.asarray(batch, jnp.float32), targets(jnp.asarray(labels), 4, smoothing))
    np.testing.assert_allclose(actual, expected, rtol=1e-5)


def test_sums_are_of_the_loss_that_is_asked_for():
    batch, labels = jnp.asarray(logits(3, 4)), jnp.array([1, 0, 3])
    for loss in ("softmax", "sigmoid"):
        expected = jnp.sum(cross_entropy(loss, batch, targets(labels, 4, 0.0)))
        np.testing.assert_allclose(sums(loss, batch, labels, jnp.ones(3)).loss, expected)


def test_gradient_is_softmax_minus_the_smoothed_target():
    batch, labels = jnp.asarray(logits(3, 4)), jnp.array([1, 0, 3])
    actual = jax.grad(lambda z: jnp.sum(cross_entropy("softmax", z, targets(labels, 4, 0.2))))(batch)
    expected = jax.nn.softmax(batch) - (0.8 * jax.nn.one_hot(labels, 4) + 0.05)
    np.testing.assert_allclose(actual, expected, atol=1e-6)


def test_large_logits_do_not_overflow():
    losses = cross_entropy("softmax", jnp.array([[1e4, 0.0], [0.0, 1e4]]), targets(jnp.array([0, 0]), 2, 0.0))
    np.testing.assert_allclose(losses, [0.0, 1e4])


def test_sums_leave_padding_out():
    batch, labels = jnp.asarray(logits(5, 10)), jnp.array([0, 1, 2, 3, 4])
    padded = sums("softmax", batch, labels, jnp.array([1.0, 0, 1, 0, 1]))
    alone = sums("softmax", batch[::2], labels[::2], jnp.ones(3))
    assert padded.examples == 3
    np.testing.assert_allclose(jnp.stack(padded), jnp.stack(alone), rtol=1e-6)


def test_answers_are_counted_by_rank():
    scores = jnp.tile(jnp.arange(10.0, 0.0, -1.0), (4, 1))  # class k is in place k
    counted = sums("softmax", scores, jnp.array([0, 1, 4, 5]), jnp.ones(4))
    assert (counted.top1, counted.top5) == (1, 3)


def test_equal_logits_stand_in_order_of_class():
    counted = sums("softmax", jnp.zeros((10, 10)), jnp.arange(10), jnp.ones(10))
    assert (counted.top1, counted.top5) == (1, 5)


def test_with_fewer_than_five_classes_all_are_in_the_top_five():
    counted = sums("softmax", jnp.asarray(logits(6, 3)), jnp.array([0, 1, 2, 0, 1, 2]), jnp.ones(6))
    assert counted.top5 == 6


def test_nan_logits_are_never_right():
    counted = sums("softmax", jnp.full((3, 10), jnp.nan), jnp.array([0, 5, 9]), jnp.ones(3))
    assert (counted.top1, counted.top5) == (0, 0)
    assert jnp.isnan(counted.loss)
