"""The state of a training run: all of it, and nothing that can be computed instead."""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jax.tree_util import register_dataclass

from runtime.optim.hyper import Hyper
from runtime.optim.optimizer import optimizer
from runtime.parameters import Layouts, Parameters


@register_dataclass
@dataclass(frozen=True)
class TrainState:
    """What a step turns into the next; saved and restored as one unit."""

    step: jax.Array  # int32 scalar: steps done, and the number of the next one
    parameters: Parameters  # float32
    optimizer_state: Any
    average: Parameters | None  # float32; None where the recipe keeps no average


def initial_state(parameters: Parameters, layouts: Layouts, hyper: Hyper) -> TrainState:
    """Returns the state before the first step: no momentum, and the average at `parameters`.

    The average never shares memory with the parameters, so the state can be donated.
    """
    return TrainState(
        step=jnp.zeros((), jnp.int32),
        parameters=parameters,
        optimizer_state=optimizer(layouts, hyper, step=0).init(parameters),
        average=None if hyper.average is None else jax.tree.map(jnp.copy, parameters),
    )
