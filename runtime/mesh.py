"""The mesh of devices and how batches and state lie on it."""

from collections.abc import Sequence
from typing import Any

import jax
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

DATA = "data"  # the axis along which a batch is split


def data_mesh(devices: Sequence[Any]) -> Mesh:
    """Returns the mesh of all `devices` along the axis `DATA`, in an order good for reductions.

    The devices are those of `jax.devices()`, or of a topology that programs are compiled for.
    """
    return jax.make_mesh((len(devices),), (DATA,), axis_types=(AxisType.Auto,), devices=devices)


def split(mesh: Mesh) -> NamedSharding:
    """Returns the sharding of a batch: the first axis of every array in equal parts over `DATA`."""
    return NamedSharding(mesh, PartitionSpec(DATA))


def replicated(mesh: Mesh) -> NamedSharding:
    """Returns the sharding of a training state: whole on every device."""
    return NamedSharding(mesh, PartitionSpec())


def shard_size(batch: int, mesh: Mesh) -> int:
    """Returns how many of a batch's images each device takes.

    Raises:
      ValueError: the batch does not divide evenly over the devices.
    """
    devices = mesh.shape[DATA]
    size, left = divmod(batch, devices)
    if left:
        nearest = " or ".join(str(n * devices) for n in (size, size + 1) if n)
        raise ValueError(
            f"a batch of {batch} images does not divide evenly over {devices} devices: "
            f"{left} would be left over (a batch of {nearest} divides)"
        )
    return size
