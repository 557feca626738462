"""Rules between settings: what each may be is the schema's business, what fits together is said here.

A broken rule shows the value of each operand and the line each comes from, inherited ones and defaults too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import gcd

from nfdsl.check.scope import Definition
from nfdsl.diagnostics import Diagnostic, Label
from nfdsl.schema.bit import BiT, ResNet
from nfdsl.schema.blocks import Block
from nfdsl.schema.data import BUILTIN_SIZES, Builtin, Data
from nfdsl.schema.hardware import Hardware
from nfdsl.schema.model import Model, NFNet
from nfdsl.schema.report import Report
from nfdsl.schema.training import Finetune, Pretrain, Recipe, Released
from nfdsl.schema.vit import ViT

_LEAST_SINCOS = 8  # channels: two frequencies of each sine and cosine, as one alone has no spacing


def broken_rules(block: Block, definition: Definition) -> Iterator[Diagnostic]:
    """Yields what does not fit together in one point of a block."""
    match block:
        case NFNet():
            yield from _nfnet(block, definition)
        case ViT():
            yield from _vit(block, definition)
        case BiT():
            yield from _stages(block, definition, "")
        case Pretrain():
            yield from _recipe(block, definition)
            yield from unseen(block, block.model, definition)
            yield from unmasked(block, block.model, definition)
        case Finetune():
            yield from _recipe(block, definition)
            if isinstance(block.start, Released):
                yield from _released(block, block.start, definition)
        case Data():
            yield from _data(block, definition)
        case Hardware() | Report():
            return


def _nfnet(model: NFNet, definition: Definition) -> Iterator[Diagnostic]:
    if len(model.depth) != len(model.width):
        yield _stages_differ(model.depth, model.width, definition, "")
    elif "group_width" in definition.settings:
        yield from _group_width(model, definition)


def _group_width(model: NFNet, definition: Definition) -> Iterator[Diagnostic]:
    """Yields a diagnostic for groups that no stage can be divided into as it is asked to be."""
    exact = [replace(model, bottleneck_rounding="exact").inner_width(width) for width in model.width]
    operands = {
        "group_width": str(model.group_width),
        "width": str([*model.width]),
        "bottleneck": f"{model.bottleneck:g}, so that the 3x3 convolutions have {listed(exact)} channels",
    }
    if max(exact) < model.group_width:
        yield broken(
            definition,
            "group-width-too-large",
            f"no stage is as wide as one group of {model.group_width} channels",
            operands,
            f"use at most {max(exact)}, or leave `group_width` out",
        )
    elif all(inner % model.group_width for inner in exact):
        yield broken(
            definition,
            "groups-do-not-divide",
            f"no stage divides into groups of {model.group_width} channels",
            operands,
            f"use a divisor, such as {gcd(*exact)}, or leave `group_width` out",
        )


def _vit(model: ViT, definition: Definition) -> Iterator[Diagnostic]:
    if model.width % model.heads:
        yield broken(
            definition,
            "heads-do-not-divide",
            f"{model.width} channels do not divide over {model.heads} heads",
            {"width": str(model.width), "heads": str(model.heads)},
            f"make the width a multiple of {model.heads}",
        )
    if model.positions == "sincos" and (model.width % 4 or model.width < _LEAST_SINCOS):
        yield broken(
            definition,
            "sincos-width",
            f"sines and cosines of two coordinates do not fill {model.width} channels",
            {"width": str(model.width), "positions": "sincos"},
            f"make the width a multiple of 4, at least {_LEAST_SINCOS}, or the positions `learned`",
        )
    if model.backbone is not None:
        yield from _stages(model.backbone, definition, "backbone")
        if model.patch % model.backbone.stride:
            yield broken(
                definition,
                "patch-and-backbone",
                f"a patch of {model.patch}px is no whole number of the backbone's cells of {model.backbone.stride}px",
                {"patch": f"{model.patch}px", "backbone": f"{len(model.backbone.depth)} stages"},
                f"make the patch a multiple of {model.backbone.stride}px",
            )


def _stages(model: BiT | ResNet, definition: Definition, setting: str) -> Iterator[Diagnostic]:
    """Yields what does not fit together in stages of bottleneck blocks, which a block or a setting of it describes."""
    if len(model.depth) != len(model.width):
        yield _stages_differ(model.depth, model.width, definition, setting)
        return
    channels = {model.root_width, *model.width, *map(model.inner_width, model.width)}
    unfit = sorted(width for width in channels if width < 1 or width % model.norm_groups)
    if unfit:
        yield broken(
            definition,
            "groups-do-not-divide",
            f"{listed(unfit)} channels do not divide into {model.norm_groups} groups",
            {
                _path(setting, "width"): f"{[*model.width]}, a quarter of it in 3x3 convolutions",
                _path(setting, "norm_groups"): str(model.norm_groups),
            },
            f"make each width a multiple of {4 * model.norm_groups}, or use fewer groups",
        )


def _stages_differ(depth: tuple[int, ...], width: tuple[int, ...], definition: Definition, setting: str) -> Diagnostic:
    return broken(
        definition,
        "stages-differ",
        f"{len(depth)} stages have a depth but {len(width)} have a width",
        {_path(setting, "depth"): str([*depth]), _path(setting, "width"): str([*width])},
        "give each stage one depth and one width",
    )


def _path(setting: str, argument: str) -> str:
    return f"{setting}.{argument}" if setting else argument


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
    if data.dedup is not None and data.dedup.against is None and data.dedup.excluding is None:
        yield broken(
            definition,
            "missing-setting",
            "`dedup` does not say what to leave out",
            {"dedup": "neither `against` nor `excluding`"},
            'add `excluding "duplicates.txt"`, a list of images, or leave `dedup` out',
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
    elif not data.excludes and data.examples not in (None, size.examples - data.holdout):
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
    mixtures = {"mixup": recipe.mixup, "cutmix": recipe.cutmix}
    for name in (name for name, mixture in mixtures.items() if mixture is not None and recipe.objective is not None):
        yield broken(
            definition,
            "mixed-patches",
            f"the patches of an image mixed by `{name}` have no colours of their own to predict",
            {name: name, "objective": "masked_patches"},
            f"write `{name} none`, or leave `objective` out",
        )
    if recipe.evaluate is not None and not recipe.data.measurable:
        yield broken(
            definition,
            "nothing-held-out",
            "there is nothing to evaluate on: no images are held out",
            {"evaluate": f"every {recipe.evaluate.every}", "data": "holdout 0 images"},
            "set `holdout` in the data block, for example `holdout 500 images`, or leave `evaluate` out",
        )
    if recipe.probe is not None and not recipe.probe.data.measurable:
        yield broken(
            definition,
            "nothing-held-out",
            "a few-shot classifier cannot be measured: no images are held out",
            {"probe": "few_shot", "probe.data": "holdout 0 images"},
            "set `holdout` in the data block of the probe, for example `holdout 500 images`",
        )


def _released(finetune: Finetune, start: Released, definition: Definition) -> Iterator[Diagnostic]:
    yield from unseen(finetune, start.model, definition)
    yield from unmasked(finetune, start.model, definition)
    if isinstance(start.model, NFNet) and start.file.endswith(".npz"):
        yield broken(
            definition,
            "weights-format",
            "weights of an NFNet are read from a `.safetensors` file, in timm's names",
            {"start.file": f'"{start.file}"', "start.model": "an NFNet"},
            "name a `.safetensors` file, as timm has of each `dm_nfnet`",
        )


def unseen(recipe: Recipe, model: Model, definition: Definition) -> Iterator[Diagnostic]:
    """Yields a diagnostic for images that a network cannot see: too small, or not to be cut into its patches."""
    network = "model" if isinstance(recipe, Pretrain) else "start"
    for name, side in (("train", recipe.resolution.train), ("eval", recipe.resolution.eval)):
        operands = {f"resolution.{name}": f"{side}px"}
        if side < model.stride:
            yield broken(
                definition,
                "resolution-too-small",
                f"{name} images of {side}px are smaller than the network's stride of {model.stride}px",
                {**operands, network: f"a network of stride {model.stride}px"},
                f"use at least {model.stride}px",
            )
        elif isinstance(model, ViT) and side % model.patch:
            below = side - side % model.patch
            yield broken(
                definition,
                "patch-does-not-divide",
                f"{name} images of {side}px are not whole patches of {model.patch}px",
                operands,
                f"use {below}px or {below + model.patch}px, or another `patch` in the model block",
            )


def unmasked(recipe: Recipe, model: Model, definition: Definition) -> Iterator[Diagnostic]:
    """Yields a diagnostic for a network that is to predict masked patches and has none that could be masked."""
    if recipe.objective is None or has_patches(model):
        return
    network = "a vision transformer on a backbone" if isinstance(model, ViT) else f"a network of family `{model.word}`"
    why = ", whose features have seen them all" if isinstance(model, ViT) else ""
    yield broken(
        definition,
        "no-patches-to-mask",
        f"{network} has no patches of the image that could be masked",
        {"objective": "masked_patches", "model" if isinstance(recipe, Pretrain) else "start": f"{network}{why}"},
        "take a model of `family vit` without a backbone, or leave `objective` out",
    )


def has_patches(model: Model) -> bool:
    """Returns whether a network cuts the image itself into patches."""
    return isinstance(model, ViT) and model.backbone is None


def broken(definition: Definition, code: str, headline: str, operands: dict[str, str], advice: str) -> Diagnostic:
    """Returns a diagnostic that shows the value of each operand, and where it comes from.

    It stands at an operand that the block writes itself if there is one, else at an inherited one.

    Args:
      operands: what each setting that the rule is about says, by the setting's name.
    """
    own_first = sorted(operands, key=lambda name: _distance(definition, name))
    labels = [operand(definition, name, operands[name]) for name in own_first]
    return Diagnostic(code, headline, labels[0], tuple(labels[1:]), help=advice)


def operand(definition: Definition, name: str, value: str) -> Label:
    """Returns what a setting says: at the line that set it, or where it is a default, at the block's name."""
    line = definition.line(name)
    if line is None:
        return Label(definition.block.name.span, f"{name} = {value} (default)")
    return Label(line.span, f"{name} = {value}{definition.origin(line)}")


def listed(numbers: Sequence[int]) -> str:
    """Returns different numbers, for people: ``16, 48 and 64``."""
    *rest, last = [str(number) for number in dict.fromkeys(numbers)]
    return f"{', '.join(rest)} and {last}" if rest else last


def _distance(definition: Definition, name: str) -> int:
    """Returns how far away a setting is said: by the block itself or on the command line, by another, by nobody."""
    line = definition.line(name)
    return 2 if line is None else int(definition.inherits(line))
