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
    fit: Literal["none", "power_law", "saturating", "double", "parametric", "isoflop", "envelope"] = setting(
        "the law drawn through the points: of loss in compute along what is compute-optimal (`power_law`; with "
        "`saturating` it levels off, with `double` at both ends), of loss in size and images (`parametric`), or of "
        "what is compute-optimal by `isoflop` parabolas or the `envelope` of all curves",
        default="none",
        source="Zhai et al. 2022, section 3.1; Hoffmann et al. 2022, section 3",
    )


@dataclass(frozen=True)
class Report:
    """The figures of a study, in order."""

    word: ClassVar[str] = "report"
    figure: tuple[Figure, ...] = setting("a figure; may be written several times", default=())
