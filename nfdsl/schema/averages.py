"""Averages of the weights over the steps of a run, which are evaluated in place of the last weights."""

from dataclasses import dataclass
from typing import ClassVar

from nfdsl.schema.setting import setting


@dataclass(frozen=True)
class EMA:
    """Exponential moving average: a step keeps `decay` of the average and takes the rest from the weights."""

    word: ClassVar[str] = "ema"
    decay: float = setting("decay per step", default=0.9999, at_least=0, below=1)
    warmup: bool = setting(
        "begin with less: min(decay, (1 + t) / (10 + t)) at step t; off is what the ViT paper calls Polyak averaging "
        "with a factor",
        default=True,
        source="Brock et al. 2021, public code",
        shapes=True,
    )


@dataclass(frozen=True)
class Polyak:
    """The mean of the weights after each step from a point of the run on (Polyak and Juditsky 1992)."""

    word: ClassVar[str] = "polyak"
    start: float = setting("the point, as a share of the run's steps", default=0.5, at_least=0, below=1)


Average = EMA | Polyak
