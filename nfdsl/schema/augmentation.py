"""Random changes to training images, and mixtures of them."""

from dataclasses import dataclass
from typing import ClassVar

from nfdsl.schema.setting import setting


@dataclass(frozen=True)
class Augment:
    """Random changes to training images."""

    word: ClassVar[str] = "augment"
    area: float = setting("smallest share of the image a random crop keeps", default=0.08, above=0, at_most=1)
    aspect: float = setting("largest aspect ratio of a random crop", default=4 / 3, at_least=1)
    flip: bool = setting("mirror half of the images", default=True)
    repeat: int = setting(
        "views of each image in a batch; the batch size stays, so a batch holds fewer images",
        default=1,
        at_least=1,
        source="arXiv 2310.16764, footnote 4",
    )


@dataclass(frozen=True)
class RandAugment:
    """Operations drawn evenly from sixteen, one after the other, on the cropped image (Cubuk et al. 2020).

    Operations and magnitudes are those of NFNets (Brock et al. 2021, public code).
    """

    word: ClassVar[str] = "randaugment"
    layers: int = setting("operations on each image", default=2, at_least=1)
    magnitude: float = setting("strength of the operations, on a scale of 10", default=10.0, at_least=0, at_most=30)


@dataclass(frozen=True)
class Mixup:
    """Blends an image and its label with another of the batch (Zhang et al. 2018).

    The share is drawn for each image from Beta(alpha, alpha). Where `cutmix` is given too, one half of the
    batch is blended and the other patched (Brock et al. 2021, appendix A.3).
    """

    word: ClassVar[str] = "mixup"
    alpha: float = setting("both parameters of the share's Beta distribution", default=0.2, above=0)


@dataclass(frozen=True)
class CutMix:
    """Puts a box of another image of the batch into an image (Yun et al. 2019); labels mix by area.

    The box's area is drawn for each image from Beta(alpha, alpha), its centre evenly; what sticks out is cut off.
    """

    word: ClassVar[str] = "cutmix"
    alpha: float = setting("both parameters of the area's Beta distribution; 1 is even", default=1.0, above=0)
