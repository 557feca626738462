"""Tests of held-out metrics, on a network that reads its logits from the image."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import log_softmax

from runtime.evaluate import Evaluation, evaluate, evaluation_step
from runtime.step import normalize

CLASSES = 7


def apply(parameters, images, regularization):
    """Logits are the images' first pixels, times a scale."""
    assert regularization is None
    return parameters["scale"] * images.reshape(len(images), -1)[:, :CLASSES]


def examples(count):
    draws = np.random.default_rng(1)
    return draws.integers(0, 256, (count, 2, 2, 3), np.uint8), draws.integers(0, CLASSES, count, np.int32)


def batches(images, labels, size):
    """Batches of `size`, the last one filled up with examples of weight 0."""
    for start in range(0, len(labels), size):
        part = slice(start, start + size)
        short = size - len(labels[part])
        padded = np.concatenate([images[part], np.full((short, 2, 2, 3), 255, np.uint8)])
        yield padded, np.pad(labels[part], (0, short)), np.pad(np.ones(len(labels[part]), np.float32), (0, short))


def evaluated(images, labels, size):
    return evaluate(
        jax.jit(evaluation_step(apply, "softmax")), {"scale": jnp.float32(2)}, batches(images, labels, size)
    )


@pytest.mark.parametrize("size", [1, 8, 23, 64])
def test_means_are_over_all_examples_whatever_the_batch(size):
    images, labels = examples(23)
    logits = 2 * np.asarray(normalize(images, jnp.float32)).reshape(23, -1)[:, :CLASSES]
    ranks = (logits > logits[np.arange(23), labels][:, None]).sum(axis=1)
    result = evaluated(images, labels, size)
    np.testing.assert_allclose(result.loss, -log_softmax(logits, axis=1)[np.arange(23), labels].mean(), rtol=1e-6)
    assert (result.top1, result.top5) == (np.mean(ranks < 1), np.mean(ranks < 5))
    assert result.examples == 23


def test_of_no_examples_there_is_no_mean():
    assert evaluated(*examples(0), 8) == Evaluation(None, None, None, 0)
    unread = *examples(4), np.zeros(4, np.float32)
    step = jax.jit(evaluation_step(apply, "softmax"))
    assert evaluate(step, {"scale": jnp.float32(2)}, [unread]) == Evaluation(None, None, None, 0)


@pytest.mark.parametrize("size", [8, 23, 64])
def test_an_answer_is_right_if_it_is_among_the_reassessed_labels(size):
    images, labels = examples(23)
    logits = np.asarray(normalize(images, jnp.float32)).reshape(23, -1)[:, :CLASSES]
    best = logits.argmax(axis=1)
    reassessed = np.stack([(best + 1) % CLASSES, np.full(23, -1)], axis=1).astype(np.int32)
    reassessed[:5, 1] = best[:5]
    reassessed[20:] = -1  # no label is right, so these do not count
    step = jax.jit(evaluation_step(apply, "softmax"))
    result = evaluate(step, {"scale": jnp.float32(2)}, batches(images, labels, size), reassessed)
    assert result.reassessed_top1 == 5 / 20


def test_an_image_that_could_not_be_read_is_no_wrong_answer():
    """It is a row of weight 0 wherever it lies, and has reassessed labels like any other."""
    images, labels = examples(6)
    answers = np.asarray(normalize(images, jnp.float32)).reshape(6, -1)[:, :CLASSES].argmax(axis=1).astype(np.int32)
    weights = np.array([1, 0, 1, 1, 0, 1], np.float32)
    step, reassessed = jax.jit(evaluation_step(apply, "softmax")), np.stack([answers, np.full(6, -1)], axis=1)
    reassessed[[1, 2], 0] = (answers[[1, 2]] + 1) % CLASSES
    result = evaluate(step, {"scale": jnp.float32(2)}, [(images, labels, weights)], reassessed)
    assert (result.examples, result.reassessed_top1) == (4, 3 / 4)
