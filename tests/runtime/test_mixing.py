"""Tests of mixup and CutMix."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nfdsl.schema.augmentation import CutMix, Mixup
from runtime import mixing
from runtime.mixing import own_pixels, partners
from runtime.models import regularization

SIZE, HEIGHT, WIDTH = 2000, 8, 12


def batch(size=SIZE):
    """A batch in which image and label number i are of value i."""
    numbers = np.arange(size)
    images = np.broadcast_to(numbers[:, None, None, None], (size, HEIGHT, WIDTH, 3)) % 256
    return partners(jnp.asarray(images, jnp.uint8), jnp.asarray(numbers, jnp.int32), jnp.ones(size))


def keys(size=SIZE, seed=0):
    return jax.random.split(jax.random.key(seed), size)


@jax.jit
def drawn(keys, others, mixup, cutmix):
    return own_pixels(keys, others, mixup, cutmix)


def test_partners_are_half_a_batch_away():
    others = batch(10)
    np.testing.assert_array_equal(others.labels, [5, 6, 7, 8, 9, 0, 1, 2, 3, 4])
    np.testing.assert_array_equal(others.images[:, 0, 0, 0], others.labels)
    np.testing.assert_array_equal(others.in_first_half, [True] * 5 + [False] * 5)
    np.testing.assert_array_equal(batch(5).labels, [2, 3, 4, 0, 1])


@pytest.mark.parametrize("alpha", [0.2, 1.0, 8.0])
def test_mixup_draws_one_share_for_an_image_from_its_beta_distribution(alpha):
    own, shares = drawn(keys(), batch(), Mixup(alpha), None)
    np.testing.assert_allclose(own, np.broadcast_to(np.asarray(shares)[:, None, None, None], own.shape), atol=1e-6)
    np.testing.assert_allclose(np.mean(shares), 0.5, atol=0.05)
    np.testing.assert_allclose(np.var(shares), 1 / (4 * (2 * alpha + 1)), rtol=0.1)


def test_cutmix_cuts_one_box_and_labels_go_by_its_area():
    own, shares = map(np.asarray, drawn(keys(), batch(), None, CutMix(1.0)))
    assert set(np.unique(own)) == {0.0, 1.0}
    np.testing.assert_allclose(shares, own.mean(axis=(1, 2, 3)), atol=1e-6)
    boxes = 1 - own[..., 0]
    rows, columns = boxes.max(axis=2), boxes.max(axis=1)
    np.testing.assert_array_equal(boxes, rows[:, :, None] * columns[:, None, :])
    for line in (*rows, *columns):
        assert np.abs(np.diff(line, prepend=0, append=0)).sum() in (0, 2)  # in one piece
    assert rows.sum(axis=0).min() > 0.1 * SIZE  # everywhere in the image
    there = boxes.any(axis=(1, 2))
    down, across = (lines[there] @ np.arange(lines.shape[1]) / lines[there].sum(axis=1) for lines in (rows, columns))
    assert abs(np.corrcoef(down, across)[0, 1]) < 0.1


@pytest.mark.parametrize(
    ("centre", "share", "inside"),
    [(0.5, 0.5, range(2, 6)), (0.5, 0.49, range(3, 5)), (0.99, 0.5, range(5, 8)), (0.0, 0.5, range(2))],
)
def test_a_side_of_a_box_is_an_even_number_of_pixels_but_for_what_is_cut_off(centre, share, inside):
    np.testing.assert_array_equal(np.flatnonzero(mixing._interval(centre, share, 8)), inside)


def test_the_area_of_boxes_is_even_but_for_what_sticks_out():
    """Of an even area 1 - lambda, a box uniform in place loses part: 1 - (1 - s/4)^2 / ... on average."""
    side = 64
    others = batch(4)._replace(images=jnp.zeros((SIZE, side, side, 3), jnp.uint8), weights=jnp.ones(SIZE))
    _, shares = drawn(keys(), others._replace(in_first_half=jnp.zeros(SIZE, bool)), None, CutMix(1.0))
    s = np.sqrt(np.linspace(0, 1, 100_001))  # an interval s long, centred evenly, keeps s - s^2 / 4 on average
    np.testing.assert_allclose(1 - np.mean(shares), np.mean((s - s**2 / 4) ** 2), atol=0.03)


def test_with_both_each_half_of_the_batch_has_one():
    own, _ = drawn(keys(), batch(), Mixup(8.0), CutMix(1.0))
    in_pieces = np.asarray(((own == 0) | (own == 1)).all(axis=(1, 2, 3)))
    assert not in_pieces[: SIZE // 2].any()
    assert in_pieces[SIZE // 2 :].all()


def test_padding_is_mixed_with_nothing():
    others = batch(10)._replace(weights=jnp.asarray([1.0, 1, 0, 0, 0, 1, 1, 1, 1, 1]))
    for words in ((Mixup(), None), (None, CutMix())):
        own, shares = drawn(keys(10), others, *words)
        assert (own[2:5] == 1).all()
        assert (shares[2:5] == 1).all()


def test_a_mixture_is_a_function_of_its_key():
    one, same, other = (drawn(keys(10, seed), batch(10), None, CutMix())[1] for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_mixtures_draw_nothing_that_the_network_draws():
    of_network = {regularization._STOCHASTIC_DEPTH, regularization._DROPOUT}
    assert len({*of_network, mixing._MIXUP, mixing._CUTMIX}) == 4
