"""Residual networks of bottleneck blocks: BiT, and the backbone of hybrid vision transformers."""

from dataclasses import dataclass
from math import prod
from typing import ClassVar

from nfdsl.schema.family import Family
from nfdsl.schema.setting import setting

_EXPANSION = 4  # output channels of a bottleneck over its inner ones (He et al. 2016, table 1)


class Bottlenecks:
    """What follows from the depth and width of each stage (He et al. 2016, table 1)."""

    depth: tuple[int, ...]
    width: tuple[int, ...]

    @property
    def root_width(self) -> int:
        """Output channels of the root's 7x7 convolution."""
        return self.inner_width(self.width[0])

    @property
    def stage_strides(self) -> tuple[int, ...]:
        """Downsampling of each stage's first block: the root has done 4x already."""
        return (1,) + (2,) * (len(self.depth) - 1)

    @property
    def stride(self) -> int:
        """Pixels of the image per cell of the last feature map."""
        return 4 * prod(self.stage_strides)

    def inner_width(self, width: int) -> int:
        """Returns the channels of a block's 3x3 convolution when its output has `width`."""
        return width // _EXPANSION


@dataclass(frozen=True)
class BiT(Bottlenecks):
    """Big Transfer's ResNet v2 with group normalisation and weight standardisation (Kolesnikov et al. 2020,
    arXiv 1912.11370). R50x1 has depth [3, 4, 6, 3] and width [256, 512, 1024, 2048]; R50x3 three times the width."""

    word: ClassVar[str] = "bit"
    family: Family = setting("the architecture", default="bit", keyword=True)
    depth: tuple[int, ...] = setting("blocks in each stage", at_least=1, source="He et al. 2016, table 1")
    width: tuple[int, ...] = setting(
        "output channels of each stage, four times those of its 3x3 convolutions", at_least=1
    )
    norm_groups: int = setting("groups of channels that are normalised together", default=32, at_least=1)


@dataclass(frozen=True)
class ResNet(Bottlenecks):
    """The first stages of a ResNet v1 with group normalisation and weight standardisation, whose features a ViT takes
    for pixels. Option (i) of a ResNet-50 is depth [3, 4, 6, 3]; option (ii), which does the work of stage 4 in
    stage 3, is [3, 4, 9] (Dosovitskiy et al. 2021, section 4.1; their code's unit)."""

    word: ClassVar[str] = "resnet"
    depth: tuple[int, ...] = setting("blocks in each stage", default=(3, 4, 9), at_least=1, source="section 4.1")
    width: tuple[int, ...] = setting(
        "output channels of each stage, four times those of its 3x3 convolutions",
        default=(256, 512, 1024),
        at_least=1,
    )
    norm_groups: int = setting("groups of channels that are normalised together", default=32, at_least=1)
