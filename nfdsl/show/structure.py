"""What a value that is a word with arguments gives to each of the word's settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from nfdsl.check.arguments import arguments, head, implied, vocabulary_word
from nfdsl.check.wanted import Wanted
from nfdsl.schema.blocks import Block
from nfdsl.schema.setting import Setting, settings
from nfdsl.schema.units import Quantity
from nfdsl.show.written import Writer
from nfdsl.source import Source
from nfdsl.syntax import ast
from nfdsl.syntax.parse import parse

DEFAULTS = ""  # in place of a file's name, where the schema is what says it


@dataclass(frozen=True)
class Structure:
    """A class of the schema, and the values a spec gives to its settings."""

    schema_class: type
    values: Mapping[str, ast.Value]  # by setting, those that are written


def structure_of(value: ast.Value, setting: Setting) -> Structure | None:
    """Returns the structure a value of a setting stands for that has passed every check.

    None if it is something else, or says what it is by a name that must be looked up elsewhere.
    """
    members = _members(setting.annotation)
    classes = [member for member in members if _is_structure(member)]
    words = {vocabulary_word(schema_class) for schema_class in classes}
    is_plain = any(member is not NoneType and member not in classes for member in members)
    if not classes or isinstance(value, ast.Grid) or (is_plain and head(value) not in words):
        return None
    if isinstance(value, ast.Name) and value.text not in words and not _begins_with_name(classes, setting, value.text):
        return None
    schema_class, given = arguments(value, classes, Wanted(setting.annotation, setting.description, setting.name))
    return Structure(schema_class, _bound(schema_class, given))


def default_value(setting: Setting) -> ast.Value | None:
    """Returns a default as if a spec said it; None for what none can say, such as the default hardware."""
    if setting.default == () or isinstance(setting.default, Block):
        return None
    text = Writer().written(setting.default, setting)
    value = parse(Source(DEFAULTS, f"_ _ {{ {setting.name} {text} }}")).file.blocks[0].settings[0].value
    assert not isinstance(value, ast.Unreadable)
    return value


def _bound(schema_class: type, given: Sequence[tuple[ast.Name | None, ast.Value]]) -> Mapping[str, ast.Value]:
    bound: dict[str, ast.Value] = {}
    for name, value in given:
        free = (setting.name for setting in settings(schema_class) if setting.name not in bound)
        bound[name.text if name else next(free)] = value
    return bound


def _begins_with_name(classes: Sequence[type], setting: Setting, name: str) -> bool:
    """Whether a word of the language, or the name of a block, may stand for the first argument."""
    unsaid = implied(classes, setting.name)
    first = None if unsaid is None else next(settings(unsaid), None)
    if first is None:
        return False
    return bool(first.description.names) or (
        get_origin(first.annotation) is Literal and name in get_args(first.annotation)
    )


def _members(annotation: Any) -> Sequence[Any]:
    """Returns what a value, or an item of it, may be."""
    if get_origin(annotation) in (Union, UnionType, tuple):
        return [member for member in get_args(annotation) if member is not Ellipsis]
    return [annotation]


def _is_structure(member: Any) -> bool:
    return is_dataclass(member) and member not in (Quantity, *get_args(Block))
