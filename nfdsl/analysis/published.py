"""Published points of vision transformers fine-tuned on ImageNet, drawn as reference beside a study's own."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Published:
    """A network of another paper; what it does not tell is None."""

    name: str
    top1: float  # share, after fine-tuning on ImageNet
    flops: float | None  # of pre-training
    core_hours: float | None  # of pre-training, on TPU v4


# Dosovitskiy et al. 2021, Table 6: pre-trained on JFT-300M for 7 or 14 epochs.
_VIT = (
    ("ViT-B/32", 80.73, 55),
    ("ViT-B/16", 84.15, 224),
    ("ViT-L/32", 84.37, 196),
    ("ViT-L/16", 86.30, 783),
    ("ViT-L/16", 87.12, 1567),
    ("ViT-H/14", 88.08, 4262),
)

# Smith et al. 2023 (arXiv 2310.16764), section 3: core-hours on TPU v4 are their estimates from those on v3.
_LARGE = (
    ("ViT-g/14", 90.2, 120e3),
    ("SoViT-400m/14", 90.3, 130e3),
    ("ViT-G/14", 90.45, 280e3),
)

PUBLISHED = (
    *(Published(name, percent / 100, exaflops * 1e18, None) for name, percent, exaflops in _VIT),
    *(Published(name, percent / 100, None, hours) for name, percent, hours in _LARGE),
)
SOURCES = "Dosovitskiy et al. 2021, Table 6, and, by their core-hours on TPU v4, Smith et al. 2023, section 3"


def placed(hours_per_flop: float | None) -> tuple[tuple[Published, float], ...]:
    """Returns the networks that have a place on an axis of FLOPs, with it.

    Those of which only core-hours are known have one where core-hours stand in one rate to FLOPs.
    """
    found: list[tuple[Published, float]] = []
    for network in PUBLISHED:
        if network.flops is not None:
            found.append((network, network.flops))
        elif network.core_hours is not None and hours_per_flop:
            found.append((network, network.core_hours / hours_per_flop))
    return tuple(found)
