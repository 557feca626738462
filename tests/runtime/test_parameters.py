"""Parameters know their axes and role, and modules come apart into plain dicts."""

import jax.numpy as jnp
import pytest
from flax import nnx

from runtime.parameters import Layout, Parameter, layouts, values


class Scale(nnx.Module):
    def __init__(self):
        self.gain = Parameter(jnp.full(3, 2.0), "out", role="gain")
        self.strength = 0.5


class Pair(nnx.Module):
    def __init__(self):
        self.left, self.right = Scale(), Scale()


def test_a_parameter_has_a_name_for_each_axis():
    assert Parameter(jnp.zeros((2, 3)), "in", "out", role="kernel").layout == Layout(("in", "out"), "kernel")
    with pytest.raises(ValueError, match=r"2 axes of shape \(2, 3\) cannot be called \('out',\)"):
        Parameter(jnp.zeros((2, 3)), "out", role="kernel")


def test_a_stacked_parameter_has_one_more_axis():
    stacked = Parameter(jnp.zeros(3), "out", role="bias").copy(jnp.zeros((5, 3))).stacked()
    assert stacked.layout == Layout(("layer", "out"), "bias")
    assert stacked[...].shape == (5, 3)


def test_values_and_layouts_are_plain_nested_dicts_of_parameters_alone():
    assert layouts(Pair()) == {side: {"gain": Layout(("out",), "gain")} for side in ("left", "right")}
    arrays = values(Pair())
    assert type(arrays) is dict
    assert type(arrays["left"]) is dict
    assert arrays["left"].keys() == {"gain"}
    assert arrays["right"]["gain"].tolist() == [2, 2, 2]
