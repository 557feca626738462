"""Model families, each a dataclass of its depth and width."""

from dataclasses import dataclass, replace
from fractions import Fraction
from math import floor, prod
from typing import ClassVar, Literal

from nfdsl.schema.bit import BiT
from nfdsl.schema.family import Family
from nfdsl.schema.setting import setting
from nfdsl.schema.vit import ViT

Activation = Literal["gelu", "relu", "silu"]


@dataclass(frozen=True)
class NFNet:
    """Normalizer-free residual network (Brock et al. 2021, arXiv 2102.06171)."""

    word: ClassVar[str] = "nfnet"
    family: Family = setting("the architecture", default="nfnet", keyword=True)
    depth: tuple[int, ...] = setting("blocks in each stage", at_least=1, source="Table 1")
    width: tuple[int, ...] = setting("output channels of each stage", at_least=1, source="Table 1")
    group_width: int = setting("channels per group of the 3x3 convolutions", default=128, at_least=1)
    bottleneck: float = setting("inner width over output width", default=0.5, above=0, source="section 4.1")
    bottleneck_rounding: Literal["floor", "exact"] = setting(
        "inner width: `floor` to a multiple of the group width (the public code) or `exact`, as one group "
        "where the group width does not divide it (the published + variants of Table 5)",
        default="floor",
    )
    se_ratio: float = setting("hidden width of squeeze-excite over output width", default=0.5, above=0)
    activation: Activation = setting("nonlinearity, scaled to keep unit variance", default="gelu")
    alpha: float = setting("scale of each residual branch", default=0.2, above=0, source="section 3")
    padding: Literal["same", "symmetric"] = setting(
        "zeros around images of the 3x3 convolutions: `same`, more of them behind where the stride is 2 (the public "
        "code, timm's `dm_nfnet_f*`), or `symmetric`, as many on either hand (timm's own `nfnet_f*`)",
        default="same",
    )

    @property
    def stem_widths(self) -> tuple[int, ...]:
        """Output channels of the stem's 3x3 convolutions (appendix C)."""
        return (16, 32, 64, max(1, self.width[0] // 2))

    @property
    def stem_strides(self) -> tuple[int, ...]:
        """Downsampling of each of the stem's convolutions, 4x in all (appendix C)."""
        return (2, 1, 1, 2)

    @property
    def stage_strides(self) -> tuple[int, ...]:
        """Downsampling of each stage's first block: the stem has done 4x already (appendix C)."""
        return (1,) + (2,) * (len(self.depth) - 1)

    @property
    def stride(self) -> int:
        """Pixels of the image per cell of the last feature map; the stem does the first 4x."""
        return 4 * prod(self.stage_strides)

    @property
    def final_width(self) -> int:
        """Channels that are averaged over the image and classified (appendix C)."""
        return 2 * self.width[-1]

    def inner_width(self, width: int) -> int:
        """Returns the channels of a block's 3x3 convolutions when its output has `width`.

        A block narrower than one group is not rounded down to nothing: it is one group of its exact width.
        """
        exact = max(1, floor(width * Fraction(repr(self.bottleneck))))  # 100 x 0.29 is 29, and not 28.999... cut off
        floored = exact - exact % self.group_width
        return floored if self.bottleneck_rounding == "floor" and floored else exact

    def groups(self, width: int) -> int:
        """Returns how many groups those convolutions have; one where groups do not divide evenly."""
        inner = self.inner_width(width)
        return inner // self.group_width if inner % self.group_width == 0 else 1

    def se_width(self, width: int) -> int:
        """Returns the hidden channels of squeeze-excite when the block's output has `width`."""
        return max(1, floor(width * Fraction(repr(self.se_ratio))))


Model = NFNet | ViT | BiT


def fine_tuned(model: Model) -> Model:
    """Returns the network that fine-tuning makes of a pre-trained one: a ViT loses its tanh layer with its classifier
    (Dosovitskiy et al. 2021, section 3.2)."""
    return replace(model, representation=None) if isinstance(model, ViT) else model
