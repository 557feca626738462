"""Tests of a run's traced numbers."""

from dataclasses import replace

import jax
import numpy as np
import pytest

from nfdsl.schema.augmentation import CutMix, Mixup
from nfdsl.schema.averages import EMA, Polyak
from nfdsl.schema.optimizers import AGC, SGD, Adafactor, Adam, AdamW, GlobalNorm
from nfdsl.schema.run import Length
from nfdsl.schema.schedules import Cosine, Linear, Piecewise, ReciprocalSqrt
from nfdsl.schema.training import SAM
from nfdsl.schema.units import Dimension, quantity
from runtime.optim.hyper import hyper


def varied(run, **changes):
    return replace(run, recipe=replace(run.recipe, **changes))


def test_numbers_are_those_of_the_run(run):
    recipe = {"optimizer": SGD(0.8, True, 1e-5), "label_smoothing": 0.1, "stochastic_depth": 0.25, "dropout": 0.5}
    words = {"mixup": Mixup(0.25), "cutmix": CutMix(0.75), "layer_decay": 0.5}
    length = Length(images=80, steps=10, warmup_steps=3)
    numbers = hyper(varied(replace(run, lr=1.6, length=length), **recipe, **words))
    assert (numbers.peak, numbers.steps, numbers.warmup_steps) == (np.float32(1.6), 10, 3)
    assert (numbers.optimizer.momentum, numbers.optimizer.weight_decay) == (np.float32(0.8), np.float32(1e-5))
    assert (numbers.label_smoothing, numbers.stochastic_depth, numbers.dropout) == (np.float32(0.1), 0.25, 0.5)
    assert (numbers.mixup, numbers.cutmix, numbers.layer_decay) == (Mixup(0.25), CutMix(0.75), 0.5)


def test_what_a_recipe_leaves_out_is_none(run):
    without = hyper(run)
    assert (without.clip, without.sam, without.average, without.dropout) == (None, None, None, None)
    numbers = hyper(varied(run, clip=AGC(0.02, 1e-4), sam=SAM(0.1, 0.5), average=EMA(0.99)))
    assert numbers.clip == AGC(np.float32(0.02), np.float32(1e-4))
    assert numbers.sam == SAM(np.float32(0.1), 0.5)
    assert numbers.average == EMA(np.float32(0.99))


def test_the_heads_decay_is_that_of_kernels_unless_it_is_said(run):
    rules = [SGD(weight_decay=0.5, head_decay=head) for head in (None, 3.0, 0.0)]
    assert [hyper(varied(run, optimizer=rule)).optimizer.head_decay for rule in rules] == [0.5, 3.0, 0.0]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"optimizer": SGD(0.9)}, {"optimizer": SGD(0.5, weight_decay=0.1, head_decay=0.2)}),
        ({"optimizer": Adam()}, {"optimizer": Adam(0.5, 0.6, 0.7, 0.8, 0.9)}),
        ({"optimizer": AdamW()}, {"optimizer": AdamW(0.5, 0.6, 0.7, 0.8)}),
        ({"optimizer": Adafactor()}, {"optimizer": Adafactor(0.5, 0.6, 0.7, 0.8)}),
        ({"clip": GlobalNorm(1.0)}, {"clip": GlobalNorm(2.0)}),
        ({"schedule": Cosine()}, {"schedule": Cosine(quantity(3, Dimension.STEPS))}),
        ({"schedule": ReciprocalSqrt()}, {"schedule": ReciprocalSqrt(timescale=7, cooldown=3)}),
        ({"schedule": Piecewise(at=(0.5, 0.75))}, {"schedule": Piecewise(at=(0.1, 0.2), factor=0.5)}),
        ({"average": Polyak(0.5)}, {"average": Polyak(0.25)}),
        ({"sam": SAM(0.1, 0.5), "clip": AGC()}, {"sam": SAM(0.2, 0.5), "clip": AGC(0.02), "seed": 3}),
        ({"dropout": 0.1}, {"dropout": 0.2}),
    ],
)
def test_numbers_are_leaves(run, one, other):
    first, second = hyper(varied(run, **one)), hyper(varied(replace(run, lr=3.2), **other))
    assert jax.tree.structure(first) == jax.tree.structure(second)
    dtypes = {leaf.dtype for leaf in jax.tree.leaves((first, second))}
    assert dtypes == {np.dtype(t) for t in ("float32", "int32", "uint32")}


def test_counts_of_steps_are_whole_in_a_schedule_too(run):
    schedule = hyper(varied(run, schedule=ReciprocalSqrt(timescale=7, cooldown=3))).schedule
    assert (schedule.timescale.dtype, schedule.cooldown.dtype) == (np.int32, np.int32)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"sam": SAM(0.1, 0.5)}, {"sam": SAM(0.1, 0.2)}),
        ({"optimizer": SGD()}, {"optimizer": SGD(nesterov=False)}),
        ({"optimizer": Adam()}, {"optimizer": AdamW()}),
        ({"schedule": Cosine()}, {"schedule": Linear()}),
        ({"average": EMA()}, {"average": EMA(warmup=False)}),
        ({}, {"dropout": 0.1}),
        ({"schedule": Piecewise(at=(0.5,))}, {"schedule": Piecewise(at=(0.1, 0.2))}),
    ],
)
def test_shapes_are_structure(run, one, other):
    first, second = hyper(varied(run, **one)), hyper(varied(run, **other))
    assert jax.tree.structure(first) != jax.tree.structure(second)


@pytest.mark.parametrize(("seed", "words"), [(0, [0, 0]), (7, [0, 7]), (2**32, [1, 0]), (2**63, [2**31, 0])])
def test_seeds_of_64_bits_keep_every_bit(run, seed, words):
    key = hyper(varied(run, seed=seed)).key
    np.testing.assert_array_equal(jax.random.key_data(key), words)


def test_small_seeds_give_the_key_jax_gives(run):
    assert hyper(varied(run, seed=7)).key == jax.random.key(7)


def test_a_seed_beyond_64_bits_is_refused(run):
    with pytest.raises(OverflowError):
        hyper(varied(run, seed=2**64))
