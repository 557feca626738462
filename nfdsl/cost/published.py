"""Published networks, what they reach once fine-tuned on ImageNet, and what they have cost."""

from dataclasses import dataclass

from nfdsl.schema.model import Model
from nfdsl.schema.training import TrainingKind

_EPOCH = 1_281_167  # images of ImageNet


@dataclass(frozen=True)
class Cost:
    """What training a network took on TPU v4."""

    core_hours: float
    images: float | None  # views; None where it is not told


@dataclass(frozen=True)
class Published:
    """A network of another paper; what it does not tell is None."""

    name: str
    top1: float  # share, after fine-tuning on ImageNet
    flops: float | None = None  # of pre-training
    shape: tuple[object, object, object] | None = None  # family, depth and width
    pretrain: Cost | None = None
    finetune: Cost | None = None

    @property
    def core_hours(self) -> float | None:
        """Core-hours of pre-training, and of fine-tuning where they are told, on TPU v4."""
        if self.pretrain is None:
            return None
        return self.pretrain.core_hours + (self.finetune.core_hours if self.finetune else 0)


# Dosovitskiy et al. 2021, Table 6: pre-trained on JFT-300M for 7 or 14 epochs.
_VIT = (
    ("ViT-B/32", 80.73, 55),
    ("ViT-B/16", 84.15, 224),
    ("ViT-L/32", 84.37, 196),
    ("ViT-L/16", 86.30, 783),
    ("ViT-L/16", 87.12, 1567),
    ("ViT-H/14", 88.08, 4262),
)

# Smith et al. 2023 (arXiv 2310.16764), section 3: core-hours of ViTs on TPU v4 are estimates from those on v3.
_LARGE = (
    Published(
        "NFNet-F7+",
        0.903,
        shape=("nfnet", (8, 16, 48, 24), (384, 768, 2048, 2048)),
        pretrain=Cost(110e3, 8 * 4e9),
        finetune=Cost(1.6e3, 50 * _EPOCH),
    ),
    Published("ViT-g/14", 0.902, shape=("vit", 40, 1408), pretrain=Cost(120e3, None)),
    Published("SoViT-400m/14", 0.903, shape=("vit", 27, 1152), pretrain=Cost(130e3, None)),
    Published("ViT-G/14", 0.9045, shape=("vit", 48, 1664), pretrain=Cost(280e3, None)),
)

PUBLISHED = (*(Published(name, percent / 100, exaflops * 1e18) for name, percent, exaflops in _VIT), *_LARGE)
COSTS_SOURCE = "Smith et al. 2023, section 3"
SOURCES = f"Dosovitskiy et al. 2021, Table 6, and, by their core-hours on TPU v4, {COSTS_SOURCE}"


def published_cost(model: Model, kind: TrainingKind) -> tuple[Published, Cost] | None:
    """Returns the network that a model is by its depth and width, and what training it has taken, if that is told."""
    shape = (model.family, model.depth, model.width)
    for network in PUBLISHED:
        cost = network.pretrain if kind == "pretrain" else network.finetune
        if network.shape == shape and cost is not None:
            return network, cost
    return None


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
