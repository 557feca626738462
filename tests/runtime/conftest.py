"""Eight fake devices for every test of the runtime, and a run to vary."""

import os

# Before jax is imported: it reads both once.
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count=8".strip()

import pytest

from nfdsl.schema.data import Builtin, Data
from nfdsl.schema.model import NFNet
from nfdsl.schema.run import Length, Run
from nfdsl.schema.training import Recipe, Resolution


@pytest.fixture
def run() -> Run:
    """A run of plain SGD: whatever a recipe may leave out is left out."""
    return Run(
        id="r0",
        recipe=Recipe(data=Data(source=Builtin("digits"), classes=3), batch=8, resolution=Resolution(4, 4)),
        model=NFNet(depth=(1,), width=(256,)),
        lr=0.1,
        length=Length(images=80, steps=10, warmup_steps=0),
        start=None,
    )
