"""When a network is evaluated, and what for."""

from dataclasses import dataclass
from typing import ClassVar, Literal, assert_never

from nfdsl.schema.schedules import DURATION
from nfdsl.schema.setting import setting
from nfdsl.schema.units import Dimension, Quantity, quantity

Metric = Literal["holdout.loss", "holdout.error"]


def metric(by: Metric, loss: float | None, top1: float | None) -> float | None:
    """Returns what was measured, less of which is better, from held-out loss and share of right answers."""
    match by:
        case "holdout.loss":
            return loss
        case "holdout.error":
            return None if top1 is None else 1 - top1
        case _:
            assert_never(by)


@dataclass(frozen=True)
class Evaluate:
    """Evaluations on the way, besides the one at the end that every run has.

    What a run is fitted, tuned and compared by is measured at its end, whatever is kept.
    """

    word: ClassVar[str] = "evaluate"
    every: Quantity = setting(
        "how far apart the evaluations are", default=quantity(1, Dimension.EPOCHS), unit=DURATION, above=0
    )
    keep: Literal["last", "best"] = setting(
        "the weights that fine-tunes begin from: those at the end, or the best of all that were evaluated",
        default="last",
    )
    by: Metric = setting("what the best has least of", default="holdout.loss")
