"""Tests of batches on their way to the devices."""

from contextlib import closing

import jax
import numpy as np
import pytest

from runtime.data.batches import training_batches
from runtime.data.dataset import open_dataset
from runtime.data.indexing import index
from runtime.feed import evaluation_feed, training_feed
from runtime.program import Program


@pytest.fixture(scope="module", params=[1, 4])
def devices(request):
    return jax.devices()[: request.param]


def test_training_batches_are_those_of_the_data_split_over_the_devices(small_run, devices):
    dataset = open_dataset(small_run.recipe.data, small_run.folder)
    known = index(small_run, dataset.records, dataset.split)
    with closing(training_feed(Program(small_run, devices), small_run, dataset.records, known, 17)) as feed:
        fed = list(feed)
    with closing(training_batches(small_run, dataset.records, known, np.arange(32), first_step=17)) as batches:
        expected = list(batches)
    assert len(fed) == len(expected) == 2
    for (arrays, rows), (batch, expected_rows) in zip(fed, expected, strict=True):
        assert rows.tobytes() == expected_rows.tobytes()
        jax.tree.map(np.testing.assert_array_equal, arrays, (batch.images, batch.labels, batch.weights))
        assert {shard.data.shape[0] for shard in arrays[0].addressable_shards} == {32 // len(devices)}


def test_every_image_to_evaluate_on_is_fed_once(small_run, devices):
    dataset = open_dataset(small_run.recipe.data, small_run.folder)
    with closing(evaluation_feed(Program(small_run, devices), small_run, dataset)) as feed:
        assert sum(float(weights.sum()) for _, _, weights in feed) == 97
