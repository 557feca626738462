"""The memory that a step needs on each device, worked out from shapes alone, before anything is compiled.

State, weights, gradients and what the backward pass keeps are counted; what XLA needs besides is covered by a margin.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import jax
import jax.numpy as jnp
from jax.sharding import AbstractMesh
from jax.typing import DTypeLike

from nfdsl.schema.run import Run
from runtime.mesh import BATCH
from runtime.models.grouped_convolution import Grouped
from runtime.models.network import Network, network_of
from runtime.models.regularization import Regularization
from runtime.models.remat import Remat
from runtime.optim.hyper import hyper
from runtime.placement import Gather, Places, is_gathered_by_block, places, state_shardings
from runtime.state import initial_state

_MARGIN = 1.15  # over what can be counted; 1.08 to 1.10 was seen
_GRADIENT = 4  # bytes of a gradient's number: float32


@dataclass(frozen=True)
class Need:
    """Bytes of memory a step needs on each device, as far as shapes tell."""

    state: int  # parameters, what the optimizer keeps of them, average: of this device's part
    weights: int  # as the network computes with them, and their gradients in float32
    activations: int  # kept for the backward pass

    @property
    def total(self) -> int:
        return round((self.state + self.weights + self.activations) * _MARGIN)


class Needs:
    """What a step of a run needs, whichever way it uses its devices; allocates nothing."""

    def __init__(self, run: Run, devices: int, grouped: Grouped, dtype: DTypeLike):
        """Outlines the state of `run`, whose network computes in that form and dtype.

        Raises:
          ValueError: the network has no patches that its objective could mask.
        """
        self._run, self._devices, self._dtype = run, devices, jnp.dtype(dtype)
        self._grouped: Grouped = grouped
        network = network_of(run, grouped)
        self._layouts = network.layouts
        self._parameters = jax.eval_shape(network.initialize, jax.random.key(0))
        begun = partial(initial_state, layouts=network.layouts, hyper=hyper(run))
        self._state = jax.eval_shape(begun, self._parameters)
        self._activations = cache(self._kept)  # which takes a trace of the network

    def of(self, shards: int, gather: Gather, remat: Remat) -> Need:
        """Returns what a step needs where so many devices share a copy of the state."""
        lie = places(self._layouts, self._parameters, shards)
        return Need(self._held(lie, shards), self._weights(lie, shards, gather), self._activations(remat))

    def _held(self, lie: Places, shards: int) -> int:
        mesh = AbstractMesh((1, shards), BATCH)  # of one copy
        shardings = jax.tree.leaves(state_shardings(self._state, self._parameters, lie, mesh))
        leaves = zip(jax.tree.leaves(self._state), shardings, strict=True)
        return sum(_bytes(jax.ShapeDtypeStruct(one.shard_shape(leaf.shape), leaf.dtype)) for leaf, one in leaves)

    def _weights(self, lie: Places, shards: int, gather: Gather) -> int:
        """Of what is put together by block, the largest block is whole and of all gradients there is a part."""
        whole, parts, blocks = 0, 0, Counter[int]()
        leaves = zip(*map(jax.tree.leaves, (self._layouts, self._parameters, lie)), strict=True)
        for layout, parameter, place in leaves:
            if gather == "block" and is_gathered_by_block(layout, place):
                parts += parameter.size // shards
                blocks[layout.depth] += parameter.size // parameter.shape[0]
            else:
                whole += parameter.size
        whole += max(blocks.values(), default=0)
        return whole * (self._dtype.itemsize + _GRADIENT) + parts * _GRADIENT

    def _kept(self, remat: Remat) -> int:
        """Returns the bytes that the backward pass gets from the forward pass, but for the weights."""
        recipe = self._run.recipe
        images, side = recipe.batch // self._devices, recipe.resolution.train
        kept = jax.eval_shape(
            partial(
                _residuals,
                network_of(self._run, self._grouped, remat),
                recipe.objective is not None,
                self._dtype,
                recipe.dropout or None,
            ),
            self._parameters,
            jax.ShapeDtypeStruct((images, side, side, 3), self._dtype),
            jax.eval_shape(lambda: jax.random.split(jax.random.key(0), images)),
        )
        numbers = sum(parameter.size for parameter in jax.tree.leaves(self._parameters))
        return max(0, sum(map(_bytes, _arrays(kept))) - numbers * self._dtype.itemsize)


def _residuals(
    network: Network,
    is_masked: bool,
    dtype: DTypeLike,
    dropout: float | None,
    parameters: Any,
    images: jax.Array,
    keys: jax.Array,
) -> Any:
    weights = jax.tree.map(lambda parameter: parameter.astype(dtype), parameters)
    noise = Regularization(keys, 0.0, dropout)

    def logits(weights: Any) -> jax.Array:
        if is_masked:
            return network.predict(weights, images, keys, noise)[0]
        return network.forward(weights, images, noise)

    return jax.vjp(logits, weights)[1]


def _arrays(tree: Any) -> Iterator[jax.ShapeDtypeStruct]:
    for leaf in jax.tree.leaves(tree):
        if isinstance(leaf, jax.ShapeDtypeStruct) and not jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
            yield leaf


def _bytes(array: jax.ShapeDtypeStruct) -> int:
    return array.size * array.dtype.itemsize
