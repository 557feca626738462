"""What a network learns where it does not learn labels."""

from dataclasses import dataclass
from typing import ClassVar

from nfdsl.schema.setting import setting

COLOURS = 8**3  # 3 bits of red, green and blue


@dataclass(frozen=True)
class MaskedPatches:
    """Predicts the mean colours, one of 512, of patches that a vision transformer is not shown as they are.

    Of those, 80% are replaced by a learned embedding, 10% by that of another patch of the image, and 10% stay
    (Dosovitskiy et al. 2021, section 4.6 and appendix B.1.2). Losses and accuracies are those of the colours.
    """

    word: ClassVar[str] = "masked_patches"
    corrupted: float = setting(
        "share of the patches that are predicted", default=0.5, above=0, at_most=1, source="appendix B.1.2", shapes=True
    )
