"""What else is asked of a trained network besides its own task."""

from dataclasses import dataclass
from typing import ClassVar

from nfdsl.schema.data import Data
from nfdsl.schema.setting import setting


@dataclass(frozen=True)
class FewShot:
    """Accuracy of a linear classifier on the frozen features, fitted to a few images of each class.

    A regularised least-squares fit to targets of -1 and +1, in closed form (Dosovitskiy et al. 2021, section 4.1), on
    features before the classifier, whitened one by one (big_vision, `fewshot_lsr`).
    """

    word: ClassVar[str] = "few_shot"
    data: Data = setting("the data set; the classifier is measured on what it holds out")
    shots: tuple[int, ...] = setting("images of each class; a fit for each number", default=(1, 5, 10, 25), at_least=1)
    seeds: int = setting("draws of those images, over which accuracies are averaged", default=3, at_least=1)
    ridge: float = setting("regularisation of the fit", default=1024.0, above=0, source="big_vision, `fewshot_lsr`")
