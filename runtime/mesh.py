"""The mesh of devices and how batches lie on it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jax.experimental import mesh_utils
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec
from numpy.typing import NDArray

# A batch is split over all devices. Those along SHARD together hold one copy of the training state,
# a part each; along DATA the copies repeat.
DATA, SHARD = "data", "shard"
BATCH = (DATA, SHARD)


def data_mesh(devices: Sequence[Any], shards: int = 1) -> Mesh:
    """Returns the mesh of all `devices` with axes `DATA` and `SHARD`, in an order good for reductions.

    The devices are those of `jax.devices()`, or of a topology that programs are compiled for.

    Raises:
      ValueError: the devices do not make whole groups of `shards`.
    """
    copies, left = divmod(len(devices), shards)
    if left:
        raise ValueError(f"{len(devices)} devices do not make groups of {shards} that share a copy of the state")
    # A group of 16 on a slice of 8x8x8 is one axis of it and a part of another.
    array = mesh_utils.create_device_mesh((copies, shards), devices, allow_split_physical_axes=True)
    return Mesh(array, BATCH, axis_types=(AxisType.Auto, AxisType.Auto))


def split(mesh: Mesh) -> NamedSharding:
    """Returns the sharding of a batch: the first axis of every array in equal parts over all devices."""
    return NamedSharding(mesh, PartitionSpec(BATCH))


def process_rows(mesh: Mesh, batch: int, process: int) -> NDArray[np.int64]:
    """Returns the rows [n] of a batch that the devices of one process hold, ascending.

    They need not follow one another: an order of devices that is good for reductions may go to and fro between hosts.
    """
    parts = split(mesh).devices_indices_map((batch,)).items()
    return np.sort(
        np.concatenate([np.arange(batch)[part] for device, part in parts if device.process_index == process])
    )


def replicated(mesh: Mesh) -> NamedSharding:
    """Returns the sharding of what is whole on every device."""
    return NamedSharding(mesh, PartitionSpec())


def shard_size(batch: int, devices: int) -> int:
    """Returns how many of a batch's images each of `devices` takes.

    Raises:
      ValueError: the batch does not divide evenly over the devices.
    """
    size, left = divmod(batch, devices)
    if left:
        nearest = " or ".join(str(n * devices) for n in (size, size + 1) if n)
        raise ValueError(
            f"a batch of {batch} images does not divide evenly over {devices} devices: "
            f"{left} would be left over (a batch of {nearest} divides)"
        )
    return size
