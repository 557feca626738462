"""Types, units, ranges and defaults of settings, in the words of a reader."""

from collections.abc import Iterable
from dataclasses import is_dataclass
from fractions import Fraction
from types import NoneType, UnionType
from typing import Any, Literal, Union, cast, get_args, get_origin

from nfdsl.reference.vocabulary import BLOCK_KINDS, called
from nfdsl.schema.setting import Description, Setting, settings
from nfdsl.schema.units import Dimension, Quantity


def value(setting: Setting) -> str:
    """Returns what may be written for a setting, with links to words and blocks."""
    return _value(setting.annotation, setting.description)


def _value(annotation: Any, description: Description) -> str:
    origin = get_origin(annotation)
    if origin in (Union, UnionType):
        members = [member for member in get_args(annotation) if member is not NoneType]
        nothing = ["`none`"] if NoneType in get_args(annotation) else []
        return either(dict.fromkeys([*(_value(member, description) for member in members), *nothing]))
    if origin is Literal:
        return either(f"`{choice}`" for choice in get_args(annotation))
    if origin is tuple:
        return _several(get_args(annotation)[0], description)
    if annotation in (int, float, Quantity):
        return _number(annotation, description.units)
    if annotation is bool:
        return "`on` or `off`"
    if annotation is str:
        if description.files:
            return f"[path](#paths) of a {either(f'`{ending}`' for ending in description.files)} file"
        if description.path:
            return "[path](#paths)"
        return f"name of a {either(map(link, description.names))} block" if description.names else "text"
    return f"name of a {link(BLOCK_KINDS[annotation])} block" if annotation in BLOCK_KINDS else link(called(annotation))


def _several(item: Any, description: Description) -> str:
    if is_dataclass(item):
        return f"{_value(item, description)}, on any number of lines"
    if description.collects:
        return "grid of numbers"
    return "list of " + ("whole numbers" if item is int else "numbers")


def _number(number: type, units: Iterable[Dimension]) -> str:
    noun = "whole number" if number is int else "number"
    names = [f"[{unit.value}](#units)" for unit in units if unit is not Dimension.NUMBER]
    return f"{noun} of {either(names)}" if names else noun


def admitted(description: Description) -> str:
    """Returns the range of a number: ``at least 0, below 1``; empty if there is no bound."""
    bounds = [
        ("at least", description.at_least),
        ("above", description.above),
        ("at most", description.at_most),
        ("below", description.below),
    ]
    return ", ".join(f"{word} {bound:g}" for word, bound in bounds if bound is not None)


def default(setting: Setting) -> str:
    """Returns what a setting is where the spec is silent."""
    if setting.required:
        return "*required*"
    if type(setting.default) in BLOCK_KINDS:
        return f"a {link(BLOCK_KINDS[type(setting.default)])} of defaults"
    return "none" if setting.default == () else f"`{written(setting.default)}`"


def written(default: Any) -> str:
    """Returns a default as a spec would write it."""
    match default:
        case None:
            return "none"
        case bool():
            return "on" if default else "off"
        case int() | float():
            return _decimal_or_ratio(default)
        case Quantity() | str():
            return str(default)
        case tuple():
            return f"[{', '.join(map(written, cast(tuple[Any, ...], default)))}]"
        case _:
            return called(type(default))


def call(schema_class: Any) -> str:
    """Returns a word with all of its arguments: ``sgd(momentum: 0.9, nesterov: on, weight_decay: 0)``."""
    given = [f"{s.name}: {'...' if s.required else written(s.default)}" for s in settings(schema_class)]
    return f"{called(schema_class)}({', '.join(given)})" if given else called(schema_class)


def either(choices: Iterable[str]) -> str:
    """Returns choices as a reader lists them: ``a, b or c``."""
    return listed(choices, "or")


def listed(items: Iterable[str], conjunction: str) -> str:
    *rest, last = items
    return f"{', '.join(rest)} {conjunction} {last}" if rest else last


def _decimal_or_ratio(number: float) -> str:
    """Returns the shortest text of exactly this number: ``0.1``, ``4/3``."""
    ratio = Fraction(number).limit_denominator(100)
    return str(ratio) if float(f"{number:.6g}") != number == float(ratio) else f"{number:.12g}"


def link(name: str) -> str:
    """Returns a link to the section about a block or word."""
    return f"[{name}](#{name})"
