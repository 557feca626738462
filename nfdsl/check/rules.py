"""Rules between settings: what each may be is the schema's business, what fits together is said here.

A broken rule shows the value of each operand and the line each comes from, inherited ones too.
"""

from collections.abc import Iterator

from nfdsl.check.scope import Definition
from nfdsl.diagnostics import Diagnostic, Label
from nfdsl.schema.blocks import Block
from nfdsl.schema.data import Data
from nfdsl.schema.hardware import Hardware
from nfdsl.schema.model import NFNet
from nfdsl.schema.report import Report
from nfdsl.schema.training import Finetune, Pretrain, Recipe, Tune


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
        case Data() | Hardware() | Report():
            return


def _nfnet(model: NFNet, definition: Definition) -> Iterator[Diagnostic]:
    if len(model.depth) != len(model.width):
        yield _broken(
            definition,
            "stages-differ",
            f"{len(model.depth)} stages have a depth but {len(model.width)} have a width",
            {"depth": list(model.depth), "width": list(model.width)},
            "give each stage one depth and one width",
        )


def _recipe(recipe: Recipe, definition: Definition) -> Iterator[Diagnostic]:
    if recipe.batch % recipe.augment.repeat:
        yield _broken(
            definition,
            "repeat-does-not-divide",
            f"a batch of {recipe.batch} images does not hold {recipe.augment.repeat} views of each",
            {"batch": recipe.batch, "augment": f"repeat {recipe.augment.repeat}"},
            "make the batch a multiple of `repeat`",
        )


def _tuning(lr: float | Tune, data: Data, definition: Definition) -> Iterator[Diagnostic]:
    if isinstance(lr, Tune) and not data.measurable:
        yield _broken(
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
            yield _broken(
                definition,
                "resolution-too-small",
                f"{name} images of {side}px are smaller than the network's stride of {model.stride}px",
                {"resolution": f"{name} {side}px"},
                f"use at least {model.stride}px",
            )


def _broken(definition: Definition, code: str, headline: str, operands: dict[str, object], advice: str) -> Diagnostic:
    """Returns a diagnostic at an operand, one of the block's own if it has any, with the value of each."""
    labels: list[Label] = []
    defaults: list[str] = []
    for name, value in operands.items():
        written = definition.settings.get(name)
        if written:
            labels.append(Label(written[0].span, f"{name} = {value}"))
        else:
            defaults.append(f"{name} = {value} (default)")
    block = definition.block
    labels.sort(key=lambda label: not block.span.start <= label.span.start < block.span.end)
    labels = labels or [Label(block.name.span, "in this block")]
    return Diagnostic(code, headline, labels[0], tuple(labels[1:]), help="; ".join([*defaults, advice]))
