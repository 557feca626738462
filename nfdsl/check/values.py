"""From what is written to what is meant: values of schema types, at every point of their grids.

Evaluation is directed by the type the schema wants. Its result is always a list of points, one
for each combination of the grids inside the value; a value without grids has one point.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from nfdsl.check.amounts import numbers
from nfdsl.check.arguments import arguments, bind, head, misspelt, vocabulary_word
from nfdsl.check.names import unknown
from nfdsl.check.point import Point, combinations, sweep
from nfdsl.check.rejected import Rejected
from nfdsl.check.wanted import Wanted
from nfdsl.diagnostics import Diagnostic
from nfdsl.schema.blocks import KINDS
from nfdsl.schema.setting import Setting, settings
from nfdsl.schema.units import Quantity
from nfdsl.syntax import ast

_BLOCK_CLASSES = {schema_class: kind for kind, classes in KINDS.items() for schema_class in classes}
_BOOLEANS = {"on": True, "off": False, "true": True, "false": False}
Points = list[Point[Any]]


@dataclass(frozen=True)
class Evaluator:
    """Evaluates values among the blocks of one file."""

    kinds: Mapping[str, str]  # block name -> kind
    block: Callable[[ast.Name], Points]  # the points of the block a word names

    def setting(self, setting: Setting, written: Sequence[ast.Setting]) -> Points:
        """Returns the points of a setting; one written several times collects its values."""
        values = [line.value for line in written if not isinstance(line.value, ast.Unreadable)]
        if len(values) < len(written):
            raise Rejected  # the parser has said why
        wanted = Wanted(setting.annotation, setting.description, setting.name)
        if get_origin(setting.annotation) is tuple and is_dataclass(get_args(setting.annotation)[0]):
            item = Wanted(get_args(setting.annotation)[0], setting.description, setting.name)
            return [*combinations([self.evaluate(value, item) for value in values], written[0].span)]
        return self.evaluate(values[0], wanted)

    def evaluate(self, value: ast.Value, wanted: Wanted) -> Points:
        """Returns `value` as the wanted type, at every point of its grids.

        Raises:
          Rejected: it cannot be that.
        """
        if isinstance(value, ast.Grid) and not wanted.description.collects:
            return sweep(value, wanted.axis, lambda entry: self.evaluate(entry, wanted))
        annotation = wanted.annotation
        origin = get_origin(annotation)
        if origin in (Union, UnionType):
            return self._union(value, wanted)
        if annotation is Quantity or annotation in (int, float) or origin is tuple:
            return numbers(value, wanted)
        if origin is Literal:
            return [Point(_choice(value, wanted))]
        if annotation is bool:
            return [Point(_BOOLEANS[_word(value, _BOOLEANS, wanted)])]
        if annotation is str:
            return [Point(self._text(value, wanted))]
        if annotation in _BLOCK_CLASSES:
            return self._reference(value, wanted, _BLOCK_CLASSES[annotation])
        return self._structure(value, (annotation,), wanted)

    def _union(self, value: ast.Value, wanted: Wanted) -> Points:
        members = get_args(wanted.annotation)
        if NoneType in members and isinstance(value, ast.Name) and value.text == "none":
            return [Point(None)]
        kinds = {_BLOCK_CLASSES[member] for member in members if member in _BLOCK_CLASSES}
        if kinds:
            return self._reference(value, wanted, *kinds)
        classes = [member for member in members if _is_structure(member)]
        plain = [member for member in members if member not in classes and member is not NoneType]
        if plain and head(value) not in {vocabulary_word(member) for member in classes}:
            return self.evaluate(value, Wanted(plain[0], wanted.description, wanted.axis))
        return self._structure(value, classes, wanted)

    def _text(self, value: ast.Value, wanted: Wanted) -> str:
        kinds = wanted.description.names
        if not kinds and isinstance(value, ast.String):
            return value.text
        if not kinds or not isinstance(value, ast.Name):
            raise wanted.but_is(value, f"the name of a {' or '.join(kinds)} block" if kinds else 'text in `"`')
        self._require_block(value, kinds)
        return value.text

    def _reference(self, value: ast.Value, wanted: Wanted, kind: str) -> Points:
        if not isinstance(value, ast.Name):
            raise wanted.but_is(value, f"the name of a {kind} block")
        self._require_block(value, (kind,))
        return [
            Point(point.value, ((wanted.axis, ", ".join(choice for _, choice in point.labels) or value.text),))
            for point in self.block(value)
        ]

    def _require_block(self, name: ast.Name, kinds: Sequence[str]) -> None:
        if self.kinds.get(name.text) not in kinds:
            candidates = [block for block, kind in self.kinds.items() if kind in kinds]
            raise Rejected(unknown("unknown-name", f"{' or '.join(kinds)} block", name.text, name.span, candidates))

    def _structure(self, value: ast.Value, classes: Sequence[type], wanted: Wanted) -> Points:
        """Returns the points of a vocabulary word with its arguments."""
        schema_class, given = arguments(value, classes, wanted)
        try:
            return self._word(value, schema_class, given, wanted)
        except Rejected:
            if names := misspelt(value, schema_class):
                raise Rejected(*names) from None
            raise

    def _word(
        self, value: ast.Value, schema_class: type, given: list[tuple[ast.Name | None, ast.Value]], wanted: Wanted
    ) -> Points:
        fields = list(settings(schema_class))
        bound = bind(schema_class, fields, given, value.span)
        parts: list[Points] = []
        problems: list[Diagnostic] = []
        for field in fields:
            if field.name not in bound:
                parts.append([Point(field.default)])
                continue
            inner = Wanted(field.annotation, field.description, f"{wanted.axis}.{field.name}")
            try:
                parts.append(self.evaluate(bound[field.name], inner))
            except Rejected as rejected:
                problems.extend(rejected.diagnostics)
        if problems:
            raise Rejected(*problems)
        names = [field.name for field in fields]
        return [
            Point(schema_class(**dict(zip(names, point.value, strict=True))), point.labels)
            for point in combinations(parts, value.span)
        ]


def _is_structure(member: Any) -> bool:
    return member is not Quantity and is_dataclass(member)


def _choice(value: ast.Value, wanted: Wanted) -> str:
    return _word(value, get_args(wanted.annotation), wanted)


def _word(value: ast.Value, choices: Any, wanted: Wanted) -> str:
    if isinstance(value, ast.String) and value.text in choices:
        return value.text
    if not isinstance(value, ast.Name):
        raise wanted.but_is(value, "one of " + ", ".join(f"`{choice}`" for choice in choices))
    if value.text not in choices:
        raise Rejected(unknown("unknown-word", f"value of `{wanted.axis}`", value.text, value.span, choices))
    return value.text
