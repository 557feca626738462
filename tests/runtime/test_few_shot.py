"""Tests of the few-shot classifier against its equations, and on features that are easy to tell apart."""

from dataclasses import replace
from threading import Event

import numpy as np
import pytest

from nfdsl.schema.data import Builtin, Data
from nfdsl.schema.probes import FewShot
from nfdsl.schema.run import Length
from runtime.data.dataset import open_dataset
from runtime.few_shot import Features, accuracies, candidates, classified, collected, drawn
from runtime.results import read_result
from runtime.train import train

DIGITS = Data(source=Builtin("digits"), classes=10, holdout=97)


def features(count, width, classes=4, noise=1.0, seed=0):
    draws = np.random.default_rng(seed)
    labels = draws.integers(0, classes, count)
    centres = np.random.default_rng(99).normal(size=(classes, width))
    return Features(centres[labels] + noise * draws.normal(size=(count, width)), labels)


@pytest.mark.parametrize(("count", "width"), [(60, 7), (9, 30)])
def test_the_fit_is_the_least_squares_solution(count, width):
    """It is where the gradient of |xW - y|^2 + l2 |W|^2 is zero, whichever form is solved."""
    train, test, l2 = features(count, width), features(40, width, seed=1), 3.0
    x = (train.values - train.values.mean(0)) / (train.values.std(0) + 1e-5)
    x = np.column_stack([x, np.full(count, 100.0)])
    y = np.where(train.labels[:, None] == np.arange(4), 1.0, -1.0)
    weights, *_ = np.linalg.lstsq(
        np.vstack([x, np.sqrt(l2) * np.eye(width + 1)]), np.vstack([y, np.zeros((width + 1, 4))])
    )
    queries = (test.values - train.values.mean(0)) / (train.values.std(0) + 1e-5)
    expected = np.argmax(np.column_stack([queries, np.full(40, 100.0)]) @ weights, axis=1)
    np.testing.assert_array_equal(classified(train, test.values, 4, l2), expected)


def test_more_shots_of_noisy_classes_are_worth_more():
    probe = FewShot(replace(DIGITS, classes=4), shots=(1, 25))
    found = accuracies(probe, features(400, 20, noise=3.0), features(1000, 20, noise=3.0, seed=1))
    assert [*found] == ["1", "25"]
    assert 0.25 < found["1"] < found["25"] < 1


def test_shots_are_so_many_of_each_class_or_all_there_are():
    labels = np.array([0] * 10 + [1] * 2 + [3] * 7)
    chosen = drawn(labels, 5, seed=0)
    assert np.unique(chosen).size == chosen.size
    np.testing.assert_array_equal(np.bincount(labels[chosen]), [5, 2, 0, 5])
    assert not np.array_equal(np.sort(chosen), np.sort(drawn(labels, 5, seed=1)))
    np.testing.assert_array_equal(chosen, drawn(labels, 5, seed=0))


def test_candidates_are_training_images_in_no_order():
    dataset = open_dataset(DIGITS, ".")
    found = candidates(dataset, 10)
    assert found.size == np.unique(found).size == 650
    assert not np.isin(found, dataset.evaluated).any()
    assert candidates(dataset, 1000).size == 1700


def test_padding_is_left_out():
    batches = [(np.arange(6.0).reshape(3, 2), np.arange(3), np.array([1, 1, 0.0]))]
    found = collected(batches)
    np.testing.assert_array_equal(found.values, [[0, 1], [2, 3]])
    np.testing.assert_array_equal(found.labels, [0, 1])


def test_a_run_with_a_probe_ends_with_its_accuracies(small_run, programs, tmp_path):
    """On digits, the features of a hardly trained network tell more than chance."""
    recipe = replace(small_run.recipe, probe=FewShot(DIGITS, shots=(1, 10), ridge=1.0))
    run = replace(small_run, recipe=recipe, length=Length(64, 2, 0))
    for _ in train(run, tmp_path, programs, None, Event()):
        pass
    found = read_result(tmp_path / "result.json").few_shot
    assert 0.15 < found["1"] < found["10"] <= 1
