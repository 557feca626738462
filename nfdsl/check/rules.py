"""Rules between settings: what each may be is the schema's business, what fits together is said here.

A broken rule shows the value of each operand and the line each comes from, inherited ones and defaults too.
"""

from collections.abc import Iterator

from nfdsl.check.scope import Definition
from nfdsl.diagnostics import Diagnostic, Label
from nfdsl.schema.blocks import Block
from nfdsl.schema.data import BUILTIN_SIZES, Builtin, Data
from nfdsl.schema.hardware import Hardware
from nfdsl.schema.model import NFNet
from nfdsl.schema.report import Report
from nfdsl.schema.training import Finetune, Pretrain, Recipe, Tune
from nfdsl.source import Span


def broken_rules(block: Block, definition: Definition) -> Iterator[Diagnostic]:
    """Yields what does not fit together in one point of a block."""
    match block:
        case NFNet():
            yield from _nfnet(block, definition)
        case Pretrain():
            yield from _recipe(block, definition)
            yield from _tuning(block.lr, block.data, definition)
            yield from resolution_too_small(block, block.model, definition)
        case Finetune():
            yield from _recipe(block, definition)
            yield from _tuning(block.lr, block.data, definition)
        case Data():
            yield from _data(block, definition)
        case Hardware() | Report():
            return


def _nfnet(model: NFNet, definition: Definition) -> Iterator[Diagnostic]:
    if len(model.depth) != len(model.width):
        yield broken(
            definition,
            "stages-differ",
            f"{len(model.depth)} stages have a depth but {len(model.width)} have a width",
            {"depth": str([*model.depth]), "width": str([*model.width])},
            "give each stage one depth and one width",
        )

    elif "group_width" in definition.settings and all(_is_one_group(model, width) for width in model.width):
        widest = max(model.inner_width(width) for width in model.width)
        yield broken(
            definition,
            "group-width-too-large",
            f"no stage is as wide as one group of {model.group_width} channels",
            {
                "group_width": str(model.group_width),
                "width": str([*model.width]),
                "bottleneck": f"{model.bottleneck:g}, so that the widest 3x3 convolution has {widest} channels",
            },
            f"use at most {widest}, or leave `group_width` out",
        )


def _is_one_group(model: NFNet, width: int) -> bool:
    return model.inner_width(width) < model.group_width


def _data(data: Data, definition: Definition) -> Iterator[Diagnostic]:
    """Yields what does not fit together in a data block, and what it says of a built-in source that is not so."""
    if data.reassessed is not None and data.validation is None:
        yield broken(
            definition,
            "reassessed-without-validation",
            "there is no `validation` source whose labels could be reassessed",
            {"reassessed": f'"{data.reassessed}"', "validation": "none"},
            "name the source that the labels are of, or leave `reassessed` out",
        )
    if not isinstance(data.source, Builtin):
        return
    name, size = data.source.name, BUILTIN_SIZES[data.source.name]
    if data.holdout >= size.examples:
        yield broken(
            definition,
            "nothing-left-to-train",
            f"all {size.examples:,} images of `{name}` are held out",
            {"holdout": f"{data.holdout:,} images", "source": f"{name}, {size.examples:,} images"},
            f"hold out fewer, for example `holdout {size.examples // 10} images`",
        )
    elif data.examples not in (None, size.examples - data.holdout):
        yield broken(
            definition,
            "examples-differ",
            f"`{name}` has {size.examples - data.holdout:,} images to train on, not {data.examples:,}",
            {
                "examples": f"{data.examples:,} images",
                "source": f"{name}, {size.examples:,} images",
                "holdout": f"{data.holdout:,} images",
            },
            "leave `examples` out: those of a built-in source are known",
        )
    if data.classes != size.classes:
        yield broken(
            definition,
            "classes-differ",
            f"`{name}` has {size.classes} classes, not {data.classes:,}",
            {"classes": f"{data.classes:,}", "source": f"{name}, {size.classes} classes"},
            f"write `classes {size.classes}`",
        )


def _recipe(recipe: Recipe, definition: Definition) -> Iterator[Diagnostic]:
    if recipe.batch % recipe.augment.repeat:
        yield broken(
            definition,
            "repeat-does-not-divide",
            f"a batch of {recipe.batch} images does not hold {recipe.augment.repeat} views of each",
            {"batch": f"{recipe.batch} images", "augment.repeat": f"{recipe.augment.repeat}"},
            "make the batch a multiple of `repeat`",
        )
    if recipe.probe is not None and not recipe.probe.data.measurable:
        yield broken(
            definition,
            "nothing-held-out",
            "a few-shot classifier cannot be measured: no images are held out",
            {"probe": "few_shot", "probe.data": "holdout 0 images"},
            "set `holdout` in the data block of the probe, for example `holdout 500 images`",
        )


def _tuning(lr: float | Tune, data: Data, definition: Definition) -> Iterator[Diagnostic]:
    if isinstance(lr, Tune) and not data.measurable:
        yield broken(
            definition,
            "nothing-held-out",
            f"`{lr.minimizing}` cannot be measured: no images are held out",
            {"lr": "tune", "data": "holdout 0 images"},
            "set `holdout` in the data block, for example `holdout 500 images`",
        )


def resolution_too_small(recipe: Recipe, model: NFNet, definition: Definition) -> Iterator[Diagnostic]:
    """Yields a diagnostic for images smaller than the network's stride: nothing would be left of them."""
    for name, side in (("train", recipe.resolution.train), ("eval", recipe.resolution.eval)):
        if side < model.stride:
            yield broken(
                definition,
                "resolution-too-small",
                f"{name} images of {side}px are smaller than the network's stride of {model.stride}px",
                {f"resolution.{name}": f"{side}px"},
                f"use at least {model.stride}px",
            )


def broken(definition: Definition, code: str, headline: str, operands: dict[str, str], advice: str) -> Diagnostic:
    """Returns a diagnostic that shows the value of each operand, and where it comes from.

    It stands at an operand that the block writes itself if there is one, else at an inherited one.

    Args:
      operands: what each setting that the rule is about says, by the setting's name.
    """
    own = definition.block.span
    labels = [operand(definition, name, value) for name, value in operands.items()]
    places = [definition.block.name.span, own]
    labels.sort(key=lambda label: (label.span == places[0], not _lies_in(label.span, own)))
    return Diagnostic(code, headline, labels[0], tuple(labels[1:]), help=advice)


def operand(definition: Definition, name: str, value: str) -> Label:
    """Returns what a setting says: at the line that set it, or where it is a default, at the block's name."""
    line = definition.line(name)
    if line is None:
        return Label(definition.block.name.span, f"{name} = {value} (default)")
    return Label(line.span, f"{name} = {value}{definition.origin(line)}")


def _lies_in(span: Span, block: Span) -> bool:
    return span.source is block.source and block.start <= span.start < block.end
