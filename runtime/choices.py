"""What a hardware block leaves to `auto`: how the state is shared out and what is computed again.

The memory a step needs is worked out from shapes alone, before anything is compiled. What the
backward pass keeps is exact; what XLA needs besides is covered by a margin.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax.typing import DTypeLike

from nfdsl.schema.hardware import DEVICES, GIB, Auto, Hardware
from nfdsl.schema.run import Run
from runtime.models.grouped_convolution import Grouped
from runtime.models.network import Network, build
from runtime.models.regularization import Regularization
from runtime.models.traversal import Remat

# Chips that share a copy: an update shrinks with their number, the time to put the weights together does not.
_MOST_SHARDS = 16
_MARGIN = 1.15  # over what can be counted; 1.08 to 1.10 was seen
_ORDER: tuple[Remat, ...] = ("none", "activations", "blocks")  # from least to most computed twice


@dataclass(frozen=True)
class Choice:
    """How a program uses its devices."""

    shards: int
    remat: Remat
    why: str  # one sentence; empty where nothing was left to choose


@dataclass(frozen=True)
class Need:
    """Bytes of memory a step needs on each device, as far as shapes tell."""

    state: int  # parameters, momentum, average: of this device's part
    weights: int  # whole, as the network computes with them, and their gradients in float32
    activations: int  # kept for the backward pass

    @property
    def total(self) -> int:
        return round((self.state + self.weights + self.activations) * _MARGIN)


def choose(run: Run, devices: int, grouped: Grouped, dtype: DTypeLike, copies: int) -> Choice:
    """Returns what `run` does on so many devices.

    Args:
      run: its hardware block says what it leaves to `auto`.
      devices: of the whole mesh.
      grouped, dtype: how and in what the network computes.
      copies: float32 arrays the state has for each parameter: itself, its momentum, its average.
    """
    hardware = run.recipe.hardware
    if hardware.device not in DEVICES:
        shards = 1 if isinstance(hardware.shards, Auto) else hardware.shards
        return Choice(shards, "none" if hardware.remat == "auto" else hardware.remat, "")
    shards = _shards(hardware, devices)
    if hardware.remat != "auto":
        return Choice(shards, hardware.remat, "")
    available = DEVICES[hardware.device].hbm
    # A TPU computes what "activations" does not keep while it multiplies matrices, sooner than it would read it.
    for remat in _ORDER[1:] if hardware.device.startswith("tpu_") else _ORDER:
        size = need(run, remat, run.recipe.batch // devices, grouped, dtype, copies / shards).total
        if size <= available:
            return Choice(shards, remat, f"about {size / GIB:.1f} of {available / GIB:.2f} GiB")
    return Choice(shards, _ORDER[-1], f"more than the {available / GIB:.2f} GiB")


def need(run: Run, remat: Remat, images: int, grouped: Grouped, dtype: DTypeLike, copies: float) -> Need:
    """Returns what a step on so many images needs; allocates nothing.

    Args:
      copies: float32 numbers of the state on this device for each parameter of the network.
    """
    side = run.recipe.resolution.train
    classes, objective = run.recipe.data.classes, run.recipe.objective
    network = build(run.model, classes, side, grouped=grouped, objective=objective, remat=remat)
    parameters = jax.eval_shape(network.initialize, jax.random.key(0))
    numbers = sum(leaf.size for leaf in jax.tree.leaves(parameters))
    kept = jax.eval_shape(
        partial(_kept, network, objective is not None, dtype, run.recipe.dropout or None),
        parameters,
        jax.ShapeDtypeStruct((images, side, side, 3), dtype),
        jax.eval_shape(lambda: jax.random.split(jax.random.key(0), images)),
    )
    weights = numbers * jnp.dtype(dtype).itemsize
    return Need(round(4 * numbers * copies), weights + 4 * numbers, max(0, sum(_bytes(kept)) - weights))


def _kept(
    network: Network,
    is_masked: bool,
    dtype: DTypeLike,
    dropout: float | None,
    parameters: Any,
    images: jax.Array,
    keys: jax.Array,
) -> Any:
    """Returns what the backward pass gets from the forward pass."""
    weights = jax.tree.map(lambda parameter: parameter.astype(dtype), parameters)
    noise = Regularization(keys, 0.0, dropout)

    def logits(weights: Any) -> jax.Array:
        if is_masked:
            return network.predict(weights, images, keys, noise)[0]
        return network.forward(weights, images, noise)

    return jax.vjp(logits, weights)[1]


def _bytes(tree: Any) -> Iterator[int]:
    for leaf in jax.tree.leaves(tree):
        if isinstance(leaf, jax.ShapeDtypeStruct) and not jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
            yield leaf.size * leaf.dtype.itemsize


def _shards(hardware: Hardware, devices: int) -> int:
    if not isinstance(hardware.shards, Auto):
        return hardware.shards
    return max(size for size in range(1, _MOST_SHARDS + 1) if devices % size == 0)
