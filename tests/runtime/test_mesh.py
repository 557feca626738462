"""Tests of the mesh and of what is put on it."""

import re
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import AxisType, Mesh

from runtime.mesh import BATCH, data_mesh, process_rows, replicated, shard_size, split


@pytest.mark.parametrize("shards", [1, 2, 8])
def test_all_devices_are_on_the_mesh(shards):
    mesh = data_mesh(jax.devices(), shards)
    assert dict(mesh.shape) == {"data": 8 // shards, "shard": shards}
    assert set(mesh.devices.flat) == set(jax.devices())


@pytest.mark.parametrize("shards", [3, 16])
def test_devices_that_make_no_whole_groups_are_refused(shards):
    with pytest.raises(ValueError, match=f"^8 devices do not make groups of {shards} that share a copy of the state$"):
        data_mesh(jax.devices(), shards)


def test_batches_are_split_and_states_are_whole():
    mesh = data_mesh(jax.devices()[:4], shards=2)
    images = jax.device_put(jnp.zeros((8, 2, 2, 3)), split(mesh))
    assert {shard.data.shape for shard in images.addressable_shards} == {(2, 2, 2, 3)}
    state = jax.device_put({"w": jnp.zeros((3, 5)), "step": jnp.int32(0)}, replicated(mesh))
    assert {shard.data.shape for shard in state["w"].addressable_shards} == {(3, 5)}
    assert len(state["step"].addressable_shards) == 4


@dataclass(frozen=True)
class Chip:
    """A device of some process, as meshes need to know it."""

    id: int
    process_index: int
    platform: str = "tpu"
    device_kind: str = "TPU v4"


def mesh_of(*processes):
    """A mesh of devices of these processes, two of which share a copy."""
    devices = [Chip(place, process) for place, process in enumerate(processes)]
    return Mesh(np.array(devices).reshape(-1, 2), BATCH, axis_types=(AxisType.Auto, AxisType.Auto))


def test_the_rows_of_a_process_are_those_that_its_devices_hold():
    in_turn, mixed = mesh_of(0, 0, 0, 0, 1, 1, 1, 1), mesh_of(1, 1, 0, 0, 1, 1, 0, 0)
    assert [process_rows(in_turn, 16, process).tolist() for process in (0, 1)] == [[*range(8)], [*range(8, 16)]]
    assert process_rows(mixed, 16, 0).tolist() == [4, 5, 6, 7, 12, 13, 14, 15]
    assert process_rows(mixed, 16, 1).tolist() == [0, 1, 2, 3, 8, 9, 10, 11]


@pytest.mark.parametrize(("batch", "devices", "size"), [(8, 1, 8), (8, 4, 2), (8, 8, 1)])
def test_shard_size(batch, devices, size):
    assert shard_size(batch, devices) == size


@pytest.mark.parametrize(
    ("batch", "devices", "message"),
    [
        (
            10,
            4,
            "a batch of 10 images does not divide evenly over 4 devices: "
            "2 would be left over (a batch of 8 or 12 divides)",
        ),
        (
            3,
            8,
            "a batch of 3 images does not divide evenly over 8 devices: 3 would be left over (a batch of 8 divides)",
        ),
    ],
)
def test_a_batch_that_does_not_divide_is_refused_with_the_numbers(batch, devices, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        shard_size(batch, devices)
