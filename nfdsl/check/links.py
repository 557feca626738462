"""Rules between blocks: what one block needs of another it names."""

from collections.abc import Iterator, Mapping

from nfdsl.check.point import Point
from nfdsl.check.rules import resolution_too_small
from nfdsl.check.scope import Definition
from nfdsl.diagnostics import Diagnostic, Label
from nfdsl.schema.blocks import Block
from nfdsl.schema.report import Figure, Report
from nfdsl.schema.training import Finetune, Pretrain

Blocks = Mapping[str, tuple[Definition, tuple[Point[Block], ...]]]
_DRAWS = {"loss_vs_compute": "pretrain", "optimal_lr": "pretrain", "error_vs_compute": "finetune"}


def broken_links(blocks: Blocks) -> Iterator[Diagnostic]:
    """Yields what does not fit together between blocks that are each in order."""
    for definition, points in blocks.values():
        for point in points:
            match point.value:
                case Finetune():
                    yield from _start(point.value, definition, blocks)
                case Report():
                    for figure in point.value.figure:
                        yield from _figure(figure, definition, blocks)
                case _:
                    pass


def _start(finetune: Finetune, definition: Definition, blocks: Blocks) -> Iterator[Diagnostic]:
    source, points = blocks[finetune.start.block]
    for pretrain in (point.value for point in points if isinstance(point.value, Pretrain)):
        yield from resolution_too_small(finetune, pretrain.model, definition)
        if not pretrain.data.measurable:
            yield Diagnostic(
                "nothing-held-out",
                f"the best of `{source.name}` by {finetune.start.by} cannot be told: its data holds nothing out",
                Label(definition.settings["start"][0].span, "chosen here"),
                (Label(source.settings["data"][0].span, "trained on this"),),
                help="set `holdout` in that data block, for example `holdout 500 images`",
            )


def _figure(figure: Figure, definition: Definition, blocks: Blocks) -> Iterator[Diagnostic]:
    drawn, _ = blocks[figure.of]
    if drawn.kind != _DRAWS[figure.kind]:
        yield Diagnostic(
            "figure-of-wrong-block",
            f"`{figure.kind}` draws {_DRAWS[figure.kind]} runs, and `{figure.of}` is a {drawn.kind}",
            Label(definition.settings["figure"][0].span, "drawn here"),
            (Label(drawn.block.name.span, f"this is a {drawn.kind}"),),
            help=f"name a {_DRAWS[figure.kind]} block after `of`",
        )
