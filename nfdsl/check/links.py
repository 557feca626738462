"""Rules between blocks: what one block needs of another it names."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from nfdsl.check.point import Point
from nfdsl.check.rules import broken, has_patches, operand, unmasked, unseen
from nfdsl.check.scope import Definition
from nfdsl.diagnostics import Diagnostic, Label
from nfdsl.schema.blocks import Block
from nfdsl.schema.report import Figure, Report
from nfdsl.schema.training import Finetune, Pretrain, Recipe, Start, Training, Tune

Blocks = Mapping[str, tuple[Definition, tuple[Point[Block], ...]]]
Owners = Mapping[int, Definition]  # of the points of blocks, by their identity
_DRAWS = {"loss_vs_compute": "pretrain", "optimal_lr": "pretrain", "error_vs_compute": "finetune"}


def broken_links(blocks: Blocks) -> Iterator[Diagnostic]:
    """Yields what does not fit together between blocks that are each in order."""
    owners = {id(point.value): owner for owner, points in blocks.values() for point in points}
    for definition, points in blocks.values():
        values = [point.value for point in points]
        yield from _indivisible([value for value in values if isinstance(value, Recipe)], definition, owners)
        yield from _by_block([value for value in values if isinstance(value, Recipe)], definition, owners)
        yield from _tuned([value for value in values if isinstance(value, Training)], definition, owners)
        yield from _starts([value for value in values if isinstance(value, Finetune)], definition, blocks, owners)
        for figure in {figure for value in values if isinstance(value, Report) for figure in value.figure}:
            yield from _figure(figure, definition, blocks)


def _starts(
    finetunes: Sequence[Finetune], definition: Definition, blocks: Blocks, owners: Owners
) -> Iterator[Diagnostic]:
    starts = [(each, each.start) for each in finetunes if isinstance(each.start, Start)]
    cases = {(start.block, start.by, each.resolution, each.objective): (each, start) for each, start in starts}
    for finetune, start in cases.values():
        source, points = blocks[start.block]
        pretrains = [point.value for point in points if isinstance(point.value, Pretrain)]
        models = [pretrain.model for pretrain in pretrains]
        for model in {(type(each), each.stride, has_patches(each)): each for each in models}.values():
            yield from unseen(finetune, model, definition)
            yield from unmasked(finetune, model, definition)
        for data in dict.fromkeys(pretrain.data for pretrain in pretrains if not pretrain.data.measurable):
            found = Diagnostic(
                "nothing-held-out",
                f"the best of `{source.name}` by {start.by} cannot be told: its data holds nothing out",
                operand(definition, "start", "the best by what is held out"),
                (operand(source, "data", "images of which none are held out"),),
                help="set `holdout` in that data block, for example `holdout 500 images`",
            )
            yield _owned(found, data, owners, "holdout", "0 images")


def _tuned(trainings: Sequence[Training], definition: Definition, owners: Owners) -> Iterator[Diagnostic]:
    """Yields a diagnostic for each measure that a learning rate is tuned by and no image is held out for."""
    for data in dict.fromkeys(each.data for each in trainings if isinstance(each.lr, Tune)):
        if not data.measurable:
            found = broken(
                definition,
                "nothing-held-out",
                "the learning rate cannot be tuned by what is held out: no images are",
                {"lr": "tune", "data": "images of which none are held out"},
                "set `holdout` in the data block, for example `holdout 500 images`",
            )
            yield _owned(found, data, owners, "holdout", "0 images")


def _owned(found: Diagnostic, block: Block, owners: Owners, name: str, value: str) -> Diagnostic:
    """Returns a diagnostic with what a setting says in the block that a point is of, if it is of any."""
    owner = owners.get(id(block))
    return found if owner is None else replace(found, secondary=(*found.secondary, operand(owner, name, value)))


def _indivisible(recipes: Sequence[Recipe], definition: Definition, owners: Owners) -> Iterator[Diagnostic]:
    """Yields a diagnostic for each batch that the devices cannot share evenly: each takes part of every batch."""
    for recipe in {(recipe.batch, recipe.hardware.topology): recipe for recipe in recipes}.values():
        devices = recipe.hardware.chips
        if recipe.batch % devices == 0:
            continue
        found = broken(
            definition,
            "batch-not-divisible",
            f"a batch of {recipe.batch:,} images does not divide over {devices:,} devices",
            {"batch": f"{recipe.batch:,} images", "hardware": f"{devices:,} devices"},
            f"make the batch a multiple of {devices:,}, or take a smaller topology",
        )
        yield _owned(found, recipe.hardware, owners, "topology", "x".join(map(str, recipe.hardware.topology)))


def _by_block(recipes: Sequence[Recipe], definition: Definition, owners: Owners) -> Iterator[Diagnostic]:
    """Yields a diagnostic for SAM on hardware where no chip ever has the whole gradient that it ascends along."""
    for recipe in {recipe.hardware: recipe for recipe in recipes if recipe.sam is not None}.values():
        if recipe.hardware.gather == "block":
            found = broken(
                definition,
                "sam-by-block",
                "`sam` ascends along whole gradients, and with `gather block` no chip ever has one",
                {"sam": "sharpness-aware minimisation", "hardware": "gather block"},
                "leave `gather` in the hardware block to `auto`, or write `sam none`",
            )
            yield _owned(found, recipe.hardware, owners, "gather", "block")


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
