"""What a study's report shows."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from nfdsl.schema.setting import setting


@dataclass(frozen=True)
class Figure:
    """One figure and the block whose runs it draws."""

    word: ClassVar[str] = "figure"
    kind: Literal["loss_vs_compute", "optimal_lr", "error_vs_compute"] = setting("what is drawn")
    of: str = setting("the pretrain or finetune block", names=("pretrain", "finetune"))
    fit: Literal["none", "power_law"] = setting("the law drawn through the points", default="none")


@dataclass(frozen=True)
class Report:
    """The figures of a study, in order."""

    word: ClassVar[str] = "report"
    figure: tuple[Figure, ...] = setting("a figure; may be written several times", default=())
