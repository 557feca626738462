"""Vision transformers, with or without a convolutional backbone."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from nfdsl.schema.bit import ResNet
from nfdsl.schema.family import Family
from nfdsl.schema.setting import setting
from nfdsl.schema.units import Dimension

Pool = Literal["token", "gap", "map"]
Positions = Literal["learned", "sincos"]
Gelu = Literal["tanh", "exact"]


@dataclass(frozen=True)
class ViT:
    """Vision transformer (Dosovitskiy et al. 2021, arXiv 2010.11929). B/16 has depth 12, width 768, mlp 3072,
    heads 12, patch 16px."""

    word: ClassVar[str] = "vit"
    family: Family = setting("the architecture", default="vit", keyword=True)
    depth: int = setting("transformer blocks", at_least=1, source="Table 1")
    width: int = setting("channels of each token", at_least=1, source="Table 1")
    mlp: int = setting("hidden channels of each block's MLP", at_least=1, source="Table 1")
    heads: int = setting("attention heads", at_least=1, source="Table 1")
    patch: int = setting(
        "side of the square of the image that a token stands for, the backbone's stride included",
        unit=Dimension.PIXELS,
        at_least=1,
    )
    pool: Pool = setting(
        "what is classified: the class `token`, the mean of all tokens (`gap`), or a learned query's attention to "
        "them (`map`, Zhai et al. 2022)",
        default="token",
        source="appendix D.3",
    )
    positions: Positions = setting(
        "position embeddings: `learned`, or fixed sines and cosines of both coordinates (`sincos`)", default="learned"
    )
    representation: int | None = setting(
        "channels of a tanh layer before the classifier; fine-tuning leaves it out",
        default=None,
        at_least=1,
        source="section 3.1",
    )
    gelu: Gelu = setting(
        "GELU by its `tanh` approximation (the public code) or `exact` (its port to PyTorch)", default="tanh"
    )
    backbone: ResNet | None = setting(
        "convolutions whose features are cut into patches in place of the image", default=None, source="section 3.1"
    )

    @property
    def stride(self) -> int:
        """Pixels of the image per token, along each side."""
        return self.patch

    @property
    def patch_cells(self) -> int:
        """Side of a patch in what is cut: pixels of the image, or cells of the backbone's features."""
        return self.patch if self.backbone is None else self.patch // self.backbone.stride

    @property
    def patch_channels(self) -> int:
        """Channels of what is cut into patches."""
        return 3 if self.backbone is None else self.backbone.width[-1]

    def grid(self, resolution: int) -> int:
        """Returns how many patches there are along each side of an image."""
        return resolution // self.patch
