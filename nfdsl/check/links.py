"""Rules between blocks: what one block needs of another it names."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import prod

from nfdsl.check.point import Point
from nfdsl.check.rules import broken, operand, unseen
from nfdsl.check.scope import Definition
from nfdsl.diagnostics import Diagnostic, Label
from nfdsl.schema.blocks import Block
from nfdsl.schema.report import Figure, Report
from nfdsl.schema.training import Finetune, Pretrain, Recipe

Blocks = Mapping[str, tuple[Definition, tuple[Point[Block], ...]]]
_DRAWS = {"loss_vs_compute": "pretrain", "optimal_lr": "pretrain", "error_vs_compute": "finetune"}


def broken_links(blocks: Blocks) -> Iterator[Diagnostic]:
    """Yields what does not fit together between blocks that are each in order."""
    machines = {id(point.value): owner for owner, points in blocks.values() for point in points}
    for definition, points in blocks.values():
        values = [point.value for point in points]
        yield from _indivisible([value for value in values if isinstance(value, Recipe)], definition, machines)
        yield from _starts([value for value in values if isinstance(value, Finetune)], definition, blocks)
        for figure in {figure for value in values if isinstance(value, Report) for figure in value.figure}:
            yield from _figure(figure, definition, blocks)


def _starts(finetunes: Sequence[Finetune], definition: Definition, blocks: Blocks) -> Iterator[Diagnostic]:
    cases = {(finetune.start.block, finetune.start.by, finetune.resolution): finetune for finetune in finetunes}
    for finetune in cases.values():
        source, points = blocks[finetune.start.block]
        pretrains = [point.value for point in points if isinstance(point.value, Pretrain)]
        for model in {(type(pretrain.model), pretrain.model.stride): pretrain.model for pretrain in pretrains}.values():
            yield from unseen(finetune, model, definition)
        if not all(pretrain.data.measurable for pretrain in pretrains):
            yield Diagnostic(
                "nothing-held-out",
                f"the best of `{source.name}` by {finetune.start.by} cannot be told: its data holds nothing out",
                operand(definition, "start", "the best by what is held out"),
                (operand(source, "data", "images of which none are held out"),),
                help="set `holdout` in that data block, for example `holdout 500 images`",
            )


def _indivisible(
    recipes: Sequence[Recipe], definition: Definition, machines: Mapping[int, Definition]
) -> Iterator[Diagnostic]:
    """Yields a diagnostic for each batch that the devices cannot share evenly: each takes part of every batch."""
    for recipe in {(recipe.batch, recipe.hardware.topology): recipe for recipe in recipes}.values():
        devices = prod(recipe.hardware.topology)
        if recipe.batch % devices == 0:
            continue
        found = broken(
            definition,
            "batch-not-divisible",
            f"a batch of {recipe.batch:,} images does not divide over {devices:,} devices",
            {"batch": f"{recipe.batch:,} images", "hardware": f"{devices:,} devices"},
            f"make the batch a multiple of {devices:,}, or take a smaller topology",
        )
        machine = machines.get(id(recipe.hardware))
        shape = "x".join(map(str, recipe.hardware.topology))
        said = () if machine is None else (operand(machine, "topology", shape),)
        yield replace(found, secondary=(*found.secondary, *said))


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
