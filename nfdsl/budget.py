"""How long a run of a block is: its budget in exact images and steps, or what is wrong with that budget."""

from fractions import Fraction

from nfdsl.check.rejected import Rejected
from nfdsl.check.rules import broken, operand
from nfdsl.check.scope import Definition
from nfdsl.diagnostics import Diagnostic
from nfdsl.length import images_of, length
from nfdsl.schema.data import BUILTIN_SIZES, Builtin, Data
from nfdsl.schema.run import Length
from nfdsl.schema.schedules import ReciprocalSqrt
from nfdsl.schema.training import Training


def examples_of(data: Data, definition: Definition) -> int:
    """Returns the images of one epoch: declared, or known of a built-in source used whole. Raises `Rejected` if not."""
    if data.examples is not None:
        return data.examples
    if isinstance(data.source, Builtin) and not data.excludes:
        return BUILTIN_SIZES[data.source.name].examples - data.holdout
    raise Rejected(
        Diagnostic(
            "unknown-examples",
            "how many images an epoch has is not known",
            operand(definition, "data", "a block that does not say"),
            help="set `examples` in the data block to what the source holds less what is held out and excluded, for"
            " example `examples 1_281_167 images`; a run tells what it should be",
        )
    )


def length_of(training: Training, flops_per_image: Fraction, examples: int, definition: Definition) -> Length:
    """Returns the exact length of a run of `training`.

    Args:
      flops_per_image: all that one image costs to train on, SAM's ascent included.
      examples: images of one epoch.
      definition: of the block, for what is wrong.

    Raises:
      Rejected: the budget pays for nothing or cannot be converted, or the warm-up or cool-down outlasts it.
    """
    try:
        images = images_of(
            training.budget,
            examples=examples,
            batch=training.batch,
            flops_per_image=flops_per_image,
            hardware=training.hardware,
        )
    except ValueError as error:
        raise Rejected(_unknown_rate(training, definition, str(error))) from None
    between = None if training.evaluate is None else training.evaluate.every
    size = length(images, training.batch, training.schedule.warmup, examples, between)
    if images < 1:
        headline = f"a budget of {training.budget} pays for no image"
        label = operand(definition, "budget", f"{training.budget}")
        raise Rejected(Diagnostic("empty-budget", headline, label, help="raise the budget"))
    if size.warmup_steps >= size.steps:
        raise Rejected(_warmup_outlasts(training, size, examples, definition))
    schedule = training.schedule
    if isinstance(schedule, ReciprocalSqrt) and size.warmup_steps + schedule.cooldown > size.steps:
        raise Rejected(_cooldown_outlasts(schedule, training, size, examples, definition))
    return size


def _unknown_rate(training: Training, definition: Definition, why: str) -> Diagnostic:
    advice = "write the budget in epochs, or name hardware with a known peak"
    budget = operand(definition, "budget", f"{training.budget}")
    hardware = operand(definition, "hardware", training.hardware.device)
    return Diagnostic("unknown-rate", why, budget, (hardware,), help=advice)


def _warmup_outlasts(training: Training, size: Length, examples: int, definition: Definition) -> Diagnostic:
    return broken(
        definition,
        "warmup-outlasts-budget",
        f"the warm-up of {size.warmup_steps:,} steps does not end within the budget's {size.steps:,} steps",
        {
            "schedule.warmup": f"{training.schedule.warmup}",
            "budget": f"{training.budget} of {examples:,} images",
            "batch": f"{training.batch:,} images",
        },
        "shorten the warm-up or raise the budget",
    )


def _cooldown_outlasts(
    schedule: ReciprocalSqrt, training: Training, size: Length, examples: int, definition: Definition
) -> Diagnostic:
    return broken(
        definition,
        "cooldown-outlasts-budget",
        f"the cool-down of {schedule.cooldown:,} steps does not fit between the warm-up and the end of the "
        f"budget's {size.steps:,} steps",
        {
            "schedule.cooldown": f"{schedule.cooldown:,} steps",
            "schedule.warmup": f"{schedule.warmup}",
            "budget": f"{training.budget} of {examples:,} images",
        },
        f"cool down for at most {size.steps - size.warmup_steps:,} steps, or raise the budget",
    )
