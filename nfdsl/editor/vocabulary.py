"""What the schema says of a value's type, in the terms of what may be written."""

from collections.abc import Sequence
from dataclasses import is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from nfdsl.check.arguments import vocabulary_word
from nfdsl.check.wanted import Wanted
from nfdsl.schema.blocks import KINDS
from nfdsl.schema.setting import Description, Setting, settings
from nfdsl.schema.units import UNITS, Dimension, Quantity

_BLOCK_CLASSES = {schema_class: kind for kind, classes in KINDS.items() for schema_class in classes}


@cache
def described(schema_class: type) -> tuple[Setting, ...]:
    """Returns the settings of a class, in the order arguments without names fill them."""
    return tuple(settings(schema_class))


def block_settings(kind: str, family: str = "") -> tuple[Setting, ...]:
    """Returns the settings of a kind of block, which of several families is of `family` or else of the first; none of
    an unknown kind."""
    classes = KINDS.get(kind, ())
    named = [each for each in classes if each.word == family] or classes
    return described(named[0]) if named else ()


def setting_at(known: Sequence[Setting], path: str) -> Setting | None:
    """Returns the setting of a name, or for a dotted one the argument of a word that it may have."""
    name, _, rest = path.partition(".")
    setting = next((setting for setting in known if setting.name == name), None)
    if setting is None or not rest:
        return setting
    inner = (setting_at(described(schema_class), rest) for schema_class in structures(item(setting.annotation)))
    return next((found for found in inner if found is not None), None)


def members(annotation: Any) -> tuple[Any, ...]:
    """Returns the types a union is of, or the type itself."""
    return get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)


def item(annotation: Any) -> Any:
    """Returns the type of one line of a setting that may be written several times, else the type itself."""
    repeated = get_origin(annotation) is tuple and _is_structure(get_args(annotation)[0])
    return get_args(annotation)[0] if repeated else annotation


def structures(annotation: Any) -> list[type]:
    """Returns the classes with a word of their own, blocks left out, that a value may be of."""
    return [member for member in members(annotation) if _is_structure(member)]


def has_plain_form(annotation: Any) -> bool:
    """Whether a value may also be something without a word of its own, such as a number."""
    return any(member is not NoneType and not _is_structure(member) for member in members(annotation))


def block_kinds(annotation: Any, description: Description) -> list[str]:
    """Returns the kinds of block a value may name."""
    kinds = [_BLOCK_CLASSES[member] for member in members(annotation) if member in _BLOCK_CLASSES]
    return [*description.names, *kinds]


def choices(annotation: Any) -> list[str]:
    """Returns the words without settings of their own that a value may be."""
    words: list[str] = []
    for member in members(annotation):
        if member is NoneType:
            words.append("none")
        elif member is bool:
            words += ["on", "off"]
        elif get_origin(member) is Literal:
            words += get_args(member)
    return words


def units(setting: Setting) -> list[str]:
    """Returns the units a value may be written in, canonical ones first."""
    dimensions = [dimension for dimension in setting.description.units if dimension is not Dimension.NUMBER]
    canonical = [dimension.value for dimension in dimensions]
    others = [name for name, unit in UNITS.items() if unit.dimension in dimensions and name not in canonical]
    is_share = not dimensions and float in members(setting.annotation)
    return [*canonical, *others, *(["%"] if is_share else [])]


def form(annotation: Any, description: Description, axis: str) -> str:
    """Returns what may be written, for people: ``a whole number of images``."""
    forms = [f"the name of a {' or '.join(kinds)} block" for kinds in [block_kinds(annotation, description)] if kinds]
    forms += [f"`{vocabulary_word(structure)}`" for structure in structures(annotation)]
    forms += [f"`{word}`" for word in choices(annotation)]
    for member in members(annotation):
        if member is str and not description.names:
            forms.append("text in quotes")
        elif member is Quantity:
            forms.append(f"a number of {listed([dimension.value for dimension in description.units])}")
        elif member in (int, float) or get_origin(member) is tuple:
            forms.append(Wanted(member, description, axis).number)
    return listed(forms)


def listed(words: Sequence[str]) -> str:
    """Returns words as alternatives: ``a, b or c``."""
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def bounds(description: Description) -> str:
    """Returns the admitted range, for people; empty where there is none."""
    limits: Sequence[tuple[str, float | None]] = (
        ("at least", description.at_least),
        ("above", description.above),
        ("at most", description.at_most),
        ("below", description.below),
    )
    return ", ".join(f"{word} {limit:g}" for word, limit in limits if limit is not None)


def _is_structure(member: Any) -> bool:
    return member is not Quantity and is_dataclass(member) and member not in _BLOCK_CLASSES
