"""Whether two texts say the same: their ASTs, compared without the places things stand at."""

from dataclasses import fields, is_dataclass
from typing import Any, cast

from nfdsl.syntax import ast


def same_meaning(one: ast.File | ast.Setting | ast.Value, other: ast.File | ast.Setting | ast.Value) -> bool:
    """Whether two parts of specs are equal up to their spans.

    Numbers are equal by their amount and unit (``5k steps`` and ``5_000 steps``). Both must have been read
    whole: two `ast.Unreadable` are the same whatever stands there.
    """
    return _same(one, other)


def _same(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    if is_dataclass(one):
        return all(
            _same(getattr(one, item.name), getattr(other, item.name)) for item in fields(one) if item.name != "span"
        )
    if isinstance(one, tuple):
        ours, theirs = cast(tuple[Any, ...], one), cast(tuple[Any, ...], other)
        return len(ours) == len(theirs) and all(map(_same, ours, theirs))
    return bool(one == other)
