"""The settings in which two runs differ, in words."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any, cast

from nfdsl.schema.run import Run
from nfdsl.schema.units import Quantity

# Of a run's content what does not make it another: see `nfdsl.plan`. Its lengths are told of apart.
_ASIDE = frozenset({"hardware", "schedule.warmup"})


def differences(old: Run, new: Run) -> Iterator[str]:
    """Yields ``batch changed 32 -> 64`` for each setting but the learning rate and the start."""
    yield from _changes(old.model, new.model, "model")
    yield from (change for change in _changes(old.recipe, new.recipe, ""))
    if old.weights and new.weights and old.weights != new.weights:
        yield f"what start.file holds changed {old.weights.sha256[:8]} -> {new.weights.sha256[:8]}"
    numbers = (
        ("sam", "parts of the batch", old.recipe.ascents, new.recipe.ascents),
        ("budget", "images", old.length.images, new.length.images),
        ("schedule.warmup", "steps", old.length.warmup_steps, new.length.warmup_steps),
    )
    yield from (f"{name} changed {was:,} -> {now:,} {unit}" for name, unit, was, now in numbers if was != now)


def _changes(old: Any, new: Any, path: str) -> Iterator[str]:
    if old == new or path in _ASIDE:
        return
    if type(old) is not type(new) or not is_dataclass(old) or isinstance(old, Quantity):
        yield f"{path} changed {said(old)} -> {said(new)}"
        return
    for item in fields(old):
        below = f"{path}.{item.name}" if path else item.name
        yield from _changes(getattr(old, item.name), getattr(new, item.name), below)


def said(value: Any) -> str:
    """Returns a value of the schema as a spec says it."""
    match value:
        case None:
            return "none"
        case bool():
            return "on" if value else "off"
        case int():
            return f"{value:,}"
        case float():
            return f"{value:g}"
        case tuple():
            return f"[{', '.join(said(item) for item in cast(tuple[Any, ...], value))}]"
        case _ if is_dataclass(value) and not isinstance(value, Quantity | type):
            word = cast(Any, value).word
            return f"{word}({', '.join(said(getattr(value, item.name)) for item in fields(value))})"
        case _:
            return str(value)
