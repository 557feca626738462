"""What a hardware block leaves to `auto`: how the state is shared out, when it is put together, what is done again.

And what the network computes in.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.typing import DTypeLike

from nfdsl.schema.hardware import DEVICES, GIB, Auto, Hardware
from nfdsl.schema.run import Run
from runtime.models.grouped_convolution import Grouped
from runtime.models.remat import Remat
from runtime.needs import Needs
from runtime.placement import Gather

# Chips that share a copy: an update shrinks with their number, the time to put the weights together does not.
_MOST_SHARDS = 16
_GATHER: tuple[Gather, ...] = ("step", "block")  # from least to most sent
_REMAT: tuple[Remat, ...] = ("none", "activations", "blocks")  # from least to most computed twice


@dataclass(frozen=True)
class Choice:
    """How a program uses its devices."""

    shards: int
    gather: Gather
    remat: Remat
    why: str  # one sentence; empty where nothing was left to choose


def training_dtype(hardware: Hardware, platform: str) -> np.dtype[Any]:
    """Returns what the network computes in as it is trained on a platform of JAX: CPUs only emulate bfloat16."""
    if hardware.precision == "auto":
        return jnp.dtype("float32" if platform == "cpu" else "bfloat16")
    return jnp.dtype(hardware.precision)


def choose(run: Run, devices: int, grouped: Grouped, dtype: DTypeLike) -> Choice:
    """Returns what `run` does on so many devices.

    Args:
      run: its hardware block says what it leaves to `auto`.
      devices: of the whole mesh.
      grouped, dtype: how and in what the network computes.

    Raises:
      ValueError: the run ascends by SAM along gradients that its hardware block never has whole; or the network has
        no patches that its objective could mask.
    """
    hardware = run.recipe.hardware
    if run.recipe.sam is not None and hardware.gather == "block":
        raise ValueError("`sam` ascends along whole gradients, which `gather block` never has: take `gather step`")
    ways = list(_ways(run, devices))
    if len(ways) == 1 or hardware.device not in DEVICES:
        return Choice(*ways[0], "")
    available, needs = DEVICES[hardware.device].hbm, Needs(run, devices, grouped, dtype)
    for way in ways:
        size = needs.of(*way).total
        if size <= available:
            return Choice(*way, f"about {size / GIB:.1f} of {available / GIB:.2f} GiB")
    return Choice(*ways[-1], f"more than the {available / GIB:.2f} GiB")


def remedy(run: Run, devices: int, grouped: Grouped, dtype: DTypeLike, tried: Choice) -> str:
    """Returns what would make a step fit that did not as it was `tried`: other settings, else more devices too."""
    hardware = run.recipe.hardware
    needed = Needs(run, devices, grouped, dtype).of(tried.shards, tried.gather, tried.remat).total
    most = min(DEVICES[hardware.device].hbm, needed - 1)
    free = replace(hardware, shards=Auto(), gather="auto", remat="auto")
    run, count = replace(run, recipe=replace(run.recipe, hardware=free)), devices
    while run.recipe.batch % count == 0:
        needs = Needs(run, count, grouped, dtype)
        for way in _ways(run, count):
            if (size := needs.of(*way).total) <= most:
                settings = "`shards {}`, `gather {}` and `remat {}`".format(*way)
                return f"{settings} on {count} devices would need about {size / GIB:.1f} GiB"
        count *= 2
    return f"no slice that a batch of {run.recipe.batch} images divides over would be large enough"


def _ways(run: Run, devices: int) -> Iterator[tuple[int, Gather, Remat]]:
    """Yields the ways to use the devices that a hardware block leaves open, from the quickest to the smallest."""
    hardware = run.recipe.hardware
    for shards in _shards(hardware, devices):
        whole = shards == 1 or run.recipe.sam is not None
        yield from product(
            (shards,),
            _gathers(hardware.device, whole) if hardware.gather == "auto" else (hardware.gather,),
            _remats(hardware.device) if hardware.remat == "auto" else (hardware.remat,),
        )


def _shards(hardware: Hardware, devices: int) -> list[int]:
    if not isinstance(hardware.shards, Auto):
        return [hardware.shards]
    if hardware.device not in DEVICES:
        return [1]
    sizes = [size for size in range(1, devices + 1) if devices % size == 0]
    usual = max(size for size in sizes if size <= _MOST_SHARDS)
    return [size for size in sizes if size >= usual]


def _gathers(device: str, whole: bool) -> tuple[Gather, ...]:
    """A TPU puts a block's weights together while it computes, and need not add up whole gradients in its memory."""
    if whole:
        return _GATHER[:1]
    return _GATHER[::-1] if device.startswith("tpu_") else _GATHER


def _remats(device: str) -> tuple[Remat, ...]:
    """A TPU computes what "activations" does not keep while it multiplies matrices, sooner than it would read it."""
    return _REMAT[1:] if device.startswith("tpu_") else _REMAT
