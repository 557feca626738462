"""Devices a study may be planned for, how many of them, and what each of them holds."""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

from nfdsl.schema.setting import setting

DeviceName = Literal["cpu", "tpu_v3", "tpu_v4", "tpu_v5e", "tpu_v5p", "tpu_v6e", "h100", "h200"]
GIB = 2**30


@dataclass(frozen=True)
class Device:
    """One chip, and how many cores the papers count in it."""

    flops_per_second: float  # peak, bf16, dense
    cores: int
    hbm: float  # bytes a program can use: on TPUs what their compiler says is available
    bandwidth: float  # bytes per second between chip and HBM
    interconnect: float  # bytes per second the chip can send to its neighbours, over all links
    source: str


# No entry for the CPU: its peak depends on the machine, so core-hours are not estimated for it.
DEVICES: dict[DeviceName, Device] = {
    "tpu_v3": Device(123e12, 2, 30.96 * GIB, 900e9, 280e9, "cloud.google.com/tpu/docs/v3; ISCA 2023, table 4"),
    "tpu_v4": Device(275e12, 2, 30.75 * GIB, 1200e9, 270e9, "cloud.google.com/tpu/docs/v4; jax-ml/scaling-book"),
    "tpu_v5e": Device(197e12, 1, 15.75 * GIB, 819e9, 200e9, "cloud.google.com/tpu/docs/v5e"),
    "tpu_v5p": Device(459e12, 2, 95.73 * GIB, 2765e9, 600e9, "cloud.google.com/tpu/docs/v5p"),
    "tpu_v6e": Device(918e12, 1, 31.24 * GIB, 1640e9, 400e9, "cloud.google.com/tpu/docs/v6e"),
    "h100": Device(989.4e12, 1, 80e9, 3350e9, 450e9, "NVIDIA H100 SXM data sheet, without sparsity"),
    "h200": Device(989.4e12, 1, 141e9, 4800e9, 450e9, "NVIDIA H200 SXM data sheet, without sparsity"),
}


@dataclass(frozen=True)
class Auto:
    """Whatever costs least of what fits; `nfdsl compile` says what that is and why."""

    word: ClassVar[str] = "auto"


@dataclass(frozen=True)
class Hardware:
    """The machine a study is planned for. Core-hours of a TPU v3, v4 or v5p are 2 x chip-hours."""

    word: ClassVar[str] = "hardware"
    device: DeviceName = setting("the accelerator", default="cpu", shapes=True)
    topology: tuple[int, ...] = setting("chips along each axis of the slice", default=(1,), at_least=1, shapes=True)
    shards: int | Auto = setting(
        "chips that together hold one copy of parameters, optimizer state and average, a part each",
        default=Auto(),
        at_least=1,
        source="Rajbhandari et al. 2020 (ZeRO)",
        shapes=True,
    )
    gather: Literal["auto", "step", "block"] = setting(
        "when the parts of the weights are put together: all once a step, or those of one block at a time, forward and "
        "again backward, so that neither all weights nor all gradients are ever whole",
        default="auto",
        source="Rajbhandari et al. 2020 (ZeRO, stage 3); Zhao et al. 2023 (FSDP)",
        shapes=True,
    )
    remat: Literal["auto", "none", "activations", "blocks"] = setting(
        "what the backward pass computes again rather than keeps: nothing, all but what takes longer to compute "
        "again than to read, or all within a block",
        default="auto",
        source="Chen et al. 2016",
        shapes=True,
    )
    precision: Literal["auto", "bfloat16", "float32"] = setting(
        "what the network computes in as it is trained; parameters, their updates, sums of gradients and all "
        "evaluations are float32. auto: float32 on CPUs, bfloat16 elsewhere",
        default="auto",
        source="Micikevicius et al. 2018; Kalamkar et al. 2019",
        shapes=True,
    )
    mfu: float = setting(
        "share of peak FLOP/s assumed for cost estimates (model FLOPs utilisation)",
        default=0.35,
        above=0,
        at_most=1,
        source="arXiv 2310.16764: 110k core-hours for F7+ at 8 epochs of 4e9 images imply 35.6%",
    )

    @property
    def chips(self) -> int:
        """Chips of the slice."""
        return math.prod(self.topology)

    @property
    def slice(self) -> str:
        """The slice in few letters, ``v4:8x8x8``."""
        return f"{self.device.removeprefix('tpu_')}:{'x'.join(map(str, self.topology))}"
