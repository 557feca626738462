"""Tests of a run's traced numbers."""

from dataclasses import replace

import jax
import numpy as np
import pytest

from nfdsl.schema.training import AGC, EMA, SAM, SGD
from runtime.optim.hyper import Ascent, Clip, hyper


def varied(run, **changes):
    return replace(run, recipe=replace(run.recipe, **changes))


def test_numbers_are_those_of_the_run(run):
    recipe = {"optimizer": SGD(0.8, True, 1e-5), "label_smoothing": 0.1, "stochastic_depth": 0.25, "dropout": 0.5}
    numbers = hyper(varied(replace(run, lr=1.6), **recipe))
    assert (numbers.peak, numbers.steps, numbers.warmup_steps) == (np.float32(1.6), 10, 0)
    assert (numbers.momentum, numbers.weight_decay) == (np.float32(0.8), np.float32(1e-5))
    assert (numbers.label_smoothing, numbers.stochastic_depth, numbers.dropout) == (np.float32(0.1), 0.25, 0.5)


def test_what_a_recipe_leaves_out_is_none(run):
    without = hyper(run)
    assert (without.clip, without.ascent, without.average_decay) == (None, None, None)
    numbers = hyper(varied(run, clip=AGC(0.02, 1e-4), sam=SAM(0.1, 0.5), average=EMA(0.99)))
    assert numbers.clip == Clip(np.float32(0.02), np.float32(1e-4))
    assert numbers.ascent == Ascent(np.float32(0.1), 0.5)
    assert numbers.average_decay == np.float32(0.99)


def test_numbers_are_leaves_and_shapes_are_structure(run):
    numbers = hyper(varied(run, sam=SAM(0.1, 0.5), clip=AGC(0.01)))
    other = hyper(varied(replace(run, lr=3.2), sam=SAM(0.2, 0.5), clip=AGC(0.02), seed=3, dropout=0.1))
    assert jax.tree.structure(numbers) == jax.tree.structure(other)
    assert jax.tree.structure(numbers) != jax.tree.structure(hyper(varied(run, sam=SAM(0.1, 0.2), clip=AGC(0.01))))
    assert {leaf.dtype for leaf in jax.tree.leaves(numbers)} == {np.dtype(t) for t in ("float32", "int32", "uint32")}


@pytest.mark.parametrize(("seed", "words"), [(0, [0, 0]), (7, [0, 7]), (2**32, [1, 0]), (2**63, [2**31, 0])])
def test_seeds_of_64_bits_keep_every_bit(run, seed, words):
    key = hyper(varied(run, seed=seed)).key
    np.testing.assert_array_equal(jax.random.key_data(key), words)


def test_small_seeds_give_the_key_jax_gives(run):
    assert hyper(varied(run, seed=7)).key == jax.random.key(7)


def test_a_seed_beyond_64_bits_is_refused(run):
    with pytest.raises(OverflowError):
        hyper(varied(run, seed=2**64))
