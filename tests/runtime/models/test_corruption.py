"""Which patches are corrupted, how, and what stands in their place."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from runtime.models.corruption import Corruption, corruption

IMAGES, PATCHES = 2000, 50


compiled = jax.jit(corruption, static_argnums=(1, 2))


def keys(seed: int = 0) -> jax.Array:
    return jax.random.split(jax.random.key(seed), IMAGES)


def drawn(share: float, patches: int = PATCHES, seed: int = 0) -> Corruption:
    return jax.tree.map(np.asarray, compiled(keys(seed), share, patches))


def test_of_corrupted_patches_80_percent_are_masked_10_swapped_and_10_stay():
    found = drawn(0.5)
    swapped = found.source != np.arange(PATCHES)
    assert not found.masked[~found.chosen].any()
    assert not swapped[~found.chosen].any()
    assert not (swapped & found.masked).any()
    assert found.masked[found.chosen].mean() == pytest.approx(0.8, abs=0.01)
    assert swapped[found.chosen].mean() == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize(("share", "patches", "count"), [(0.5, 50, 25), (0.15, 50, 8), (1.0, 9, 9), (0.01, 4, 1)])
def test_of_each_image_the_same_number_is_corrupted(share: float, patches: int, count: int):
    found = drawn(share, patches)
    np.testing.assert_array_equal(found.chosen.sum(axis=1), count)
    np.testing.assert_allclose(found.shares, found.chosen / count)


def test_every_place_is_corrupted_as_often_and_swapped_for_any_other():
    found = drawn(0.5)
    np.testing.assert_allclose(found.chosen.mean(axis=0), 0.5, atol=0.06)
    far = (found.source - np.arange(PATCHES)) % PATCHES
    counts = np.bincount(far[far > 0], minlength=PATCHES)
    assert counts[1:].min() > 0.5 * counts[1:].mean()


def test_what_is_drawn_is_a_function_of_the_image_s_key():
    found, other = drawn(0.5), drawn(0.5, seed=1)
    for there, here in zip(compiled(keys()[::-1], 0.5, PATCHES), found, strict=True):
        np.testing.assert_array_equal(there[::-1], here)
    assert (found.chosen != other.chosen).any(axis=1).all()
    assert (found.chosen[0] != found.chosen[1]).any()


def test_a_single_patch_has_no_other_to_be_swapped_for():
    found = drawn(0.5, patches=1)
    assert found.chosen.all()
    assert not found.source.any()


def test_the_mask_stands_for_masked_patches_and_others_for_swapped_ones():
    made = Corruption(
        chosen=jnp.array([[True, True, True, False]]),
        masked=jnp.array([[True, False, False, False]]),
        source=jnp.array([[0, 3, 2, 3]]),
    )
    patches = jnp.arange(8.0).reshape(1, 4, 2)
    np.testing.assert_array_equal(made.applied(patches, jnp.array([-1.0, -2.0])), [[[-1, -2], [6, 7], [4, 5], [6, 7]]])
