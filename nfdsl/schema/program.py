"""What must be compiled: the part of a run that shapes its program."""

import hashlib
from collections.abc import Hashable
from dataclasses import dataclass, is_dataclass
from typing import cast

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
    """Returns a component as its word and what of its settings shapes a program; another value as it is.

    Of a list of numbers that are inputs that is its length, of a number that is off at 0 whether it is 0.
    """
    if not is_dataclass(value):
        return value
    parts: list[Hashable] = [type(value).__name__]
    for setting in settings(type(value)):
        inner = getattr(value, setting.name)
        if setting.description.shapes:
            parts.append((setting.name, _shape(inner)))
        elif setting.description.off_at_zero:
            parts.append((setting.name, inner != 0))
        elif isinstance(inner, tuple):
            parts.append((setting.name, len(cast(tuple[object, ...], inner))))
    return tuple(parts)
