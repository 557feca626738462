"""What must be compiled: the part of a run that shapes its program."""

from dataclasses import dataclass

from nfdsl.schema.model import Model
from nfdsl.schema.training import Recipe


@dataclass(frozen=True)
class ProgramKey:
    """Runs with equal keys share one compiled training program.

    Everything else a run may vary (learning rate, length, warm-up, momentum, decay, rates, seeds)
    is an input of that program.
    """

    model: Model
    classes: int
    resolution: int
    batch: int
    schedule: str
    nesterov: bool
    clip: bool
    sam_fraction: float | None
    average: bool
    device: str
    topology: tuple[int, ...]


def program_key(model: Model, recipe: Recipe) -> ProgramKey:
    """Returns the key of the program that trains `model` by `recipe`."""
    return ProgramKey(
        model=model,
        classes=recipe.data.classes,
        resolution=recipe.resolution.train,
        batch=recipe.batch,
        schedule=recipe.schedule.word,
        nesterov=recipe.optimizer.nesterov,
        clip=recipe.clip is not None,
        sam_fraction=recipe.sam.fraction if recipe.sam else None,
        average=recipe.average is not None,
        device=recipe.hardware.device,
        topology=recipe.hardware.topology,
    )
