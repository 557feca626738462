"""Which figures a study has, and their drawing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from nfdsl.analysis.drawing import Drawing, Missing
from nfdsl.analysis.error_vs_compute import draw_error_vs_compute
from nfdsl.analysis.laws import form_of
from nfdsl.analysis.loss_vs_compute import draw_loss_vs_compute
from nfdsl.analysis.optimal_lr import draw_optimal_lr
from nfdsl.analysis.style import house_style
from nfdsl.schema.report import Figure
from nfdsl.study.records import Record


@dataclass(frozen=True)
class Plate:
    """A figure as the report shows it."""

    title: str
    file_stem: str  # of its files, unique in the report
    content: Drawing | Missing


def plates(requested: Sequence[Figure], records: Sequence[Record]) -> tuple[Plate, ...]:
    """Returns the requested figures in order, or `default_figures` where none is requested."""
    figures = requested or default_figures(records)
    with house_style():
        return tuple(_plate(number, figure, records) for number, figure in enumerate(figures, start=1))


def default_figures(records: Sequence[Record]) -> tuple[Figure, ...]:
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


def _plate(number: int, figure: Figure, records: Sequence[Record]) -> Plate:
    return Plate(title(figure), f"{number}-{figure.kind}-{_file_name(figure.of)}", _draw(figure, records))


def _draw(figure: Figure, records: Sequence[Record]) -> Drawing | Missing:
    of_block = [record for record in records if record.block == figure.of]
    if not of_block:
        return Missing(f"The plan has no runs of a block called {figure.of}.")
    match figure.kind:
        case "loss_vs_compute":
            return draw_loss_vs_compute(of_block, None if figure.fit == "none" else form_of(figure.fit))
        case "optimal_lr":
            return _without_law(figure, draw_optimal_lr(of_block))
        case "error_vs_compute":
            by_id = {record.id: record for record in records}
            return _without_law(figure, draw_error_vs_compute(of_block, by_id))
        case _:
            assert_never(figure.kind)


def _without_law(figure: Figure, content: Drawing | Missing) -> Drawing | Missing:
    """Returns what was drawn, with a word on a law that was asked for in vain."""
    if figure.fit == "none" or isinstance(content, Missing):
        return content
    return replace(content, caption=f"{content.caption} No law is drawn: laws are fitted to losses.")


def _file_name(block: str) -> str:
    return "".join(character if character.isalnum() or character in "_+-" else "_" for character in block)
