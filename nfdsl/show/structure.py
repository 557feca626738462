"""What a value that is a word with arguments gives to each of the word's settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from nfdsl.check.arguments import arguments, bind, head, vocabulary_word
from nfdsl.check.wanted import Wanted
from nfdsl.schema.blocks import Block
from nfdsl.schema.setting import Description, settings
from nfdsl.schema.units import Quantity
from nfdsl.syntax import ast


@dataclass(frozen=True)
class Structure:
    """A class of the schema, and the values a spec gives to its settings."""

    schema_class: type
    values: Mapping[str, ast.Value]  # by setting, those that are written


def structure_of(value: ast.Value, annotation: Any, description: Description) -> Structure | None:
    """Returns the structure a value that has passed every check stands for; None if it is something else."""
    members = _members(annotation)
    classes = [member for member in members if _is_structure(member)]
    words = {vocabulary_word(schema_class) for schema_class in classes}
    is_plain = any(member is not NoneType and member not in classes for member in members)
    if not classes or (is_plain and head(value) not in words) or (NoneType in members and head(value) == "none"):
        return None
    schema_class, given = arguments(value, classes, Wanted(annotation, description, ""))
    return Structure(schema_class, bind(schema_class, list(settings(schema_class)), given, value.span))


def _members(annotation: Any) -> Sequence[Any]:
    """Returns what a value, or an item of it, may be."""
    if get_origin(annotation) in (Union, UnionType, tuple):
        return [member for member in get_args(annotation) if member is not Ellipsis]
    return [annotation]


def _is_structure(member: Any) -> bool:
    return is_dataclass(member) and member not in (Quantity, *get_args(Block))
