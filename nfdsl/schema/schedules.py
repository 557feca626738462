"""Courses of the learning rate over a run. Each begins with a straight rise from 0 to the peak."""

from dataclasses import dataclass
from typing import ClassVar

from nfdsl.schema.setting import setting
from nfdsl.schema.units import Dimension, Quantity, quantity

DURATION = (Dimension.STEPS, Dimension.EPOCHS, Dimension.IMAGES)


_NONE = quantity(0, Dimension.STEPS)


@dataclass(frozen=True)
class Cosine:
    """Linear warm-up from 0 to the peak, then half a cosine down to 0."""

    word: ClassVar[str] = "cosine"
    warmup: Quantity = setting("length of the warm-up", default=_NONE, unit=DURATION, at_least=0)


@dataclass(frozen=True)
class Linear:
    """Linear warm-up from 0 to the peak, then a straight line down to 0."""

    word: ClassVar[str] = "linear"
    warmup: Quantity = setting("length of the warm-up", default=_NONE, unit=DURATION, at_least=0)


@dataclass(frozen=True)
class Constant:
    """Linear warm-up from 0 to the peak, which is kept."""

    word: ClassVar[str] = "constant"
    warmup: Quantity = setting("length of the warm-up", default=_NONE, unit=DURATION, at_least=0)


@dataclass(frozen=True)
class ReciprocalSqrt:
    """Linear warm-up from 0 to the peak, then `peak / sqrt(1 + s / timescale)`, s steps after the warm-up.

    Over the last steps, the cool-down, that is multiplied by a straight line down to 0 (Zhai et al. 2022,
    section 3.5). Until then nothing depends on the length of the run.
    """

    word: ClassVar[str] = "rsqrt"
    warmup: Quantity = setting("length of the warm-up", default=_NONE, unit=DURATION, at_least=0)
    timescale: int = setting(
        "steps after the warm-up until the rate has fallen to 1 / sqrt(2) of the peak",
        default=10_000,
        unit=Dimension.STEPS,
        at_least=1,
    )
    cooldown: int = setting("length of the cool-down", default=0, unit=Dimension.STEPS, at_least=0)


@dataclass(frozen=True)
class Piecewise:
    """Linear warm-up from 0 to the peak, which is multiplied by a factor at each of several points of the run."""

    word: ClassVar[str] = "piecewise"
    warmup: Quantity = setting("length of the warm-up", default=_NONE, unit=DURATION, at_least=0)
    at: tuple[float, ...] = setting(
        "the points, as shares of the run's steps, to the nearest step",
        default=(0.3, 0.6, 0.9),
        above=0,
        below=1,
        source="Kolesnikov et al. 2020, section 3.3",
    )
    factor: float = setting("what the rate is multiplied by at each", default=0.1, above=0)


Schedule = Cosine | Linear | Constant | ReciprocalSqrt | Piecewise
