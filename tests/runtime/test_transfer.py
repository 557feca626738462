"""Tests of what a fine-tune keeps of a trained network."""

import jax
import jax.numpy as jnp
import numpy as np

from nfdsl.schema.model import NFNet
from runtime.models.network import build
from runtime.parameters import Layout
from runtime.transfer import transferred, with_identity_classifier, with_rare_classes

LAYOUTS = {
    "block": {"kernel": Layout(("in", "out"), "kernel"), "bias": Layout(("out",), "bias")},
    "deep": {"classifier": {"weight": Layout(("in", "out"), "head"), "bias": Layout(("out",), "bias")}},
}
PARAMETERS = {"block": {"kernel": 1, "bias": 2}, "deep": {"classifier": {"weight": 3, "bias": 4}}}


def test_the_classifier_goes_with_its_bias_and_all_else_stays():
    assert transferred(PARAMETERS, LAYOUTS, PARAMETERS) == {
        "block": {"kernel": 1, "bias": 2},
        "deep": {"classifier": {"weight": None, "bias": None}},
    }


def test_what_the_trained_network_lacks_is_the_new_one_s_own_and_what_that_lacks_is_left_out():
    layouts = {**LAYOUTS, "pooling": {"query": Layout(("out",), "bias")}}
    outline = {**PARAMETERS, "pooling": {"query": 5}}
    kept = transferred({**PARAMETERS, "mask": 6}, layouts, outline)
    assert kept == {**transferred(PARAMETERS, LAYOUTS, PARAMETERS), "pooling": {"query": None}}


def test_networks_that_differ_in_classes_alone_agree_on_what_is_kept():
    def kept(classes):
        network = build(NFNet(depth=(1,), width=(8,), group_width=4), classes, 8, grouped="split")
        shapes = jax.eval_shape(network.initialize, jax.random.key(0))
        return shapes, transferred(shapes, network.layouts, shapes)

    (all_of_ten, ten), (all_of_three, three) = kept(10), kept(3)
    assert all_of_ten != all_of_three
    assert ten == three
    assert len(jax.tree.leaves(all_of_ten)) - len(jax.tree.leaves(ten)) == 2


def test_with_an_identity_for_a_classifier_a_network_answers_with_its_features():
    network = build(NFNet(depth=(1,), width=(8,), group_width=4), 3, 8, grouped="split")
    parameters = network.initialize(jax.random.key(0))
    images = jax.random.normal(jax.random.key(1), (2, 8, 8, 3))
    features = network.apply(with_identity_classifier(parameters, network.layouts), images, None)
    classifier = parameters["classifier"]
    assert features.shape == (2, 16)
    logits = jnp.asarray(features) @ classifier["kernel"] + classifier["bias"]
    np.testing.assert_allclose(logits, network.apply(parameters, images, None), atol=1e-5)


def test_with_rare_classes_each_is_at_first_as_likely_as_one_in_all():
    network = build(NFNet(depth=(1,), width=(8,), group_width=4), 20, 8, grouped="split")
    parameters = network.initialize(jax.random.key(0))
    rare = with_rare_classes(parameters, network.layouts)
    np.testing.assert_allclose(jax.nn.sigmoid(rare["classifier"]["bias"]), 1 / 21, rtol=1e-6)  # odds of 1 to 20
    rare["classifier"]["bias"] = parameters["classifier"]["bias"]
    jax.tree.map(np.testing.assert_array_equal, rare, parameters)
