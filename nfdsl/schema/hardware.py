"""Devices a study may be planned for, and how many of them."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from nfdsl.schema.setting import setting

DeviceName = Literal["cpu", "tpu_v3", "tpu_v4"]


@dataclass(frozen=True)
class Device:
    """Peak bf16 rate of one chip and how many cores the papers count in it."""

    flops_per_second: float
    cores: int
    source: str


# No entry for the CPU: its peak depends on the machine, so core-hours are not estimated for it.
DEVICES: dict[DeviceName, Device] = {
    "tpu_v3": Device(123e12, 2, "cloud.google.com/tpu/docs/v3"),
    "tpu_v4": Device(275e12, 2, "cloud.google.com/tpu/docs/v4"),
}


@dataclass(frozen=True)
class Hardware:
    """The machine a study is planned for. Core-hours of a TPU v3 or v4 are 2 x chip-hours."""

    word: ClassVar[str] = "hardware"
    device: DeviceName = setting("the accelerator", default="cpu", shapes=True)
    topology: tuple[int, ...] = setting("chips along each axis of the slice", default=(1,), at_least=1, shapes=True)
    mfu: float = setting(
        "share of peak FLOP/s assumed for cost estimates (model FLOPs utilisation)",
        default=0.35,
        above=0,
        at_most=1,
        source="arXiv 2310.16764: 110k core-hours for F7+ at 8 epochs of 4e9 images imply 35.6%",
    )
