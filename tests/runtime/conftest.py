"""Eight fake devices for every test of the runtime, and a run to vary."""

import os
import threading

# Before jax is imported: it reads both once.
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count=8".strip()

import jax
import pytest

from nfdsl.schema.data import Builtin, Data
from nfdsl.schema.model import NFNet
from nfdsl.schema.optimizers import AGC
from nfdsl.schema.run import Length, Run
from nfdsl.schema.training import Recipe, Resolution
from runtime.program import Programs


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


@pytest.fixture
def small_run() -> Run:
    """A run of a second, on real images; its last batch is short."""
    data = Data(source=Builtin("digits"), classes=10, holdout=97)
    return Run(
        id="small",
        recipe=Recipe(data=data, batch=32, resolution=Resolution(8, 8), clip=AGC(0.02)),
        model=NFNet(depth=(1,), width=(8,), group_width=4),
        lr=0.3,
        length=Length(images=600, steps=19, warmup_steps=2),
        start=None,
    )


@pytest.fixture(scope="session")
def programs() -> Programs:
    """Programs on one device, compiled by whichever test needs them first."""
    return Programs(jax.devices()[:1])


class StopAt(threading.Event):
    """A flag that is set once it was looked at so many times.

    Training looks before the first step, after each, after each batch of an evaluation, and while it waits for a
    compilation: once the same program has trained a run, there is none to wait for.
    """

    def __init__(self, looks: int):
        super().__init__()
        self.looks = looks

    def is_set(self) -> bool:
        self.looks -= 1
        return self.looks < 0


@pytest.fixture(scope="session")
def stop_at() -> type[StopAt]:
    return StopAt
