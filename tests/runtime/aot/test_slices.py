"""The mesh of slices whose axes are not what chips share a copy along."""

import os
import subprocess
import sys

import pytest

MESHES = """
from jax.experimental import topologies
from runtime.mesh import data_mesh
for name in ("v4:4x4x8", "v4:8x8x8"):
    slice = topologies.get_topology_desc(platform="tpu", topology_name=name, chip_config_name="megacore")
    print(*data_mesh(slice.devices, 16).shape.values())
"""


@pytest.mark.slow
def test_sixteen_chips_share_a_copy_on_any_slice():
    pytest.importorskip("libtpu")
    told = {"TPU_SKIP_MDS_QUERY": "1", "ALLOW_MULTIPLE_LIBTPU_LOAD": "1", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(
        [sys.executable, "-c", MESHES], env=os.environ | told, capture_output=True, text=True, check=False
    )
    assert done.stdout == "8 16\n32 16\n", done.stderr
