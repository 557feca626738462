"""Tests of the training state."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np

from nfdsl.schema.averages import EMA
from runtime.optim.hyper import hyper
from runtime.parameters import Layout
from runtime.state import TrainState, initial_state

LAYOUTS = {"w": Layout(("in", "out"), "kernel")}


def initial(run):
    return initial_state({"w": jnp.ones((2, 3))}, LAYOUTS, hyper(run))


def test_it_begins_at_step_0_with_no_momentum_and_no_average(run):
    state = initial(run)
    assert state.step == 0
    assert state.step.dtype == jnp.int32
    assert state.average is None
    np.testing.assert_array_equal(state.parameters["w"], np.ones((2, 3)))
    (momentum,) = jax.tree.leaves(state.optimizer_state)
    np.testing.assert_array_equal(momentum, np.zeros((2, 3)))


def test_the_average_begins_at_the_weights_in_memory_of_its_own(run):
    state = initial(replace(run, recipe=replace(run.recipe, average=EMA())))
    assert state.average is not None
    np.testing.assert_array_equal(state.average["w"], state.parameters["w"])
    assert state.average["w"].unsafe_buffer_pointer() != state.parameters["w"].unsafe_buffer_pointer()


def test_it_is_a_pytree_that_survives_a_round_trip(run):
    state = initial(replace(run, recipe=replace(run.recipe, average=EMA())))
    leaves, structure = jax.tree.flatten(state)
    assert len(leaves) == 4
    assert isinstance(jax.tree.unflatten(structure, leaves), TrainState)
