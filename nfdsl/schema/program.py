"""What must be compiled: the part of a run that shapes its program."""

import hashlib
from collections.abc import Hashable
from dataclasses import dataclass, is_dataclass

from nfdsl.schema.model import Model
from nfdsl.schema.setting import settings
from nfdsl.schema.training import Recipe


@dataclass(frozen=True)
class ProgramKey:
    """Runs with equal keys share one compiled training program.

    Everything else a run may vary (learning rate, length, warm-up, momentum, decay, rates, seeds)
    is an input of that program.
    """

    model: Model
    recipe: Hashable  # the settings of the recipe that shape a program: see `nfdsl.schema.setting`

    @property
    def id(self) -> str:
        """The key as 12 hexadecimal digits."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:12]


def program_key(model: Model, recipe: Recipe) -> ProgramKey:
    """Returns the key of the program that trains `model` by `recipe`."""
    return ProgramKey(model, _shape(recipe))


def _shape(value: object) -> Hashable:
    """Returns a component as its word and those of its settings that shape a program; another value as it is."""
    if not is_dataclass(value):
        return value
    shaping = (setting.name for setting in settings(type(value)) if setting.description.shapes)
    return (type(value).__name__, *((name, _shape(getattr(value, name))) for name in shaping))
