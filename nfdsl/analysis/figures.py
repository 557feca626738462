"""Which figures a study has, and their drawing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from nfdsl.analysis.drawing import Drawing, Missing
from nfdsl.analysis.error_vs_compute import draw_error_vs_compute
from nfdsl.analysis.laws import form_of
from nfdsl.analysis.learning_curves import draw_learning_curves
from nfdsl.analysis.loss_vs_compute import draw_loss_vs_compute
from nfdsl.analysis.optimal_lr import draw_optimal_lr
from nfdsl.analysis.replicates import Replicated, runs
from nfdsl.analysis.style import house_style
from nfdsl.schema.report import Figure
from nfdsl.study.records import LearningCurve


@dataclass(frozen=True)
class Plate:
    """A figure as the report shows it."""

    title: str
    file_stem: str  # of its files, unique in the report
    content: Drawing | Missing


def plates(
    figures: Sequence[Figure], records: Sequence[Replicated], beside_published: frozenset[str] = frozenset()
) -> tuple[Plate, ...]:
    """Returns the figures in order; published networks stand in those of error of the blocks `beside_published`."""
    with house_style():
        return tuple(
            _plate(number, figure, _draw(figure, records, beside_published)) for number, figure in enumerate(figures, 1)
        )


def learning_plates(
    records: Sequence[Replicated], told: Mapping[str, LearningCurve], *, after: int
) -> tuple[Plate, ...]:
    """Returns the learning curves of each block, numbered on from `after` other figures."""
    blocks = dict.fromkeys(record.block for record in records)
    with house_style():
        return tuple(
            Plate(
                f"Learning curves, {block}",
                f"{number}-learning_curves-{_file_name(block)}",
                draw_learning_curves([record for record in records if record.block == block], told),
            )
            for number, block in enumerate(blocks, after + 1)
        )


def default_figures(records: Sequence[Replicated]) -> tuple[Figure, ...]:
    """Returns loss and learning rate of each pretrain block, then error of each finetune block."""
    kinds = dict.fromkeys((record.block, record.kind) for record in records)
    pretrain = [block for block, kind in kinds if kind == "pretrain"]
    finetune = [block for block, kind in kinds if kind == "finetune"]
    return (
        *(Figure("loss_vs_compute", block, "power_law") for block in pretrain),
        *(Figure("optimal_lr", block) for block in pretrain),
        *(Figure("error_vs_compute", block) for block in finetune),
    )


def title(figure: Figure) -> str:
    """Returns a figure's heading."""
    match figure.kind:
        case "loss_vs_compute":
            return f"Loss against compute, {figure.of}"
        case "optimal_lr":
            return f"Optimal learning rate, {figure.of}"
        case "error_vs_compute":
            return f"Error against compute, {figure.of}"
        case _:
            assert_never(figure.kind)


def _plate(number: int, figure: Figure, content: Drawing | Missing) -> Plate:
    return Plate(title(figure), f"{number}-{figure.kind}-{_file_name(figure.of)}", content)


def _draw(figure: Figure, records: Sequence[Replicated], beside_published: frozenset[str]) -> Drawing | Missing:
    of_block = [record for record in records if record.block == figure.of]
    if not of_block:
        return Missing(f"The plan has no runs of a block called {figure.of}.")
    match figure.kind:
        case "loss_vs_compute":
            return draw_loss_vs_compute(of_block, None if figure.fit == "none" else form_of(figure.fit))
        case "optimal_lr":
            return _without_law(figure, draw_optimal_lr(of_block))
        case "error_vs_compute":
            by_id = {run.id: run for run in runs(records)}
            return _without_law(
                figure, draw_error_vs_compute(of_block, by_id, beside_published=figure.of in beside_published)
            )
        case _:
            assert_never(figure.kind)


def _without_law(figure: Figure, content: Drawing | Missing) -> Drawing | Missing:
    """Returns what was drawn, with a word on a law that was asked for in vain."""
    if figure.fit == "none" or isinstance(content, Missing):
        return content
    return replace(content, caption=f"{content.caption} No law is drawn: laws are fitted to losses.")


def _file_name(block: str) -> str:
    return "".join(character if character.isalnum() or character in "_+-" else "_" for character in block)
