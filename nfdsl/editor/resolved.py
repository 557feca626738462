"""What a setting comes to: its values at every point of its grids, and where it was written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nfdsl.check.overrides import Overrides
from nfdsl.check.point import Point, Points, combinations
from nfdsl.check.references import References, below
from nfdsl.check.rejected import Rejected
from nfdsl.check.rules import broken_rules
from nfdsl.check.scope import Definition
from nfdsl.check.values import Evaluator
from nfdsl.check.wanted import Wanted
from nfdsl.check.zips import Zips
from nfdsl.editor.document import Document
from nfdsl.editor.vocabulary import described
from nfdsl.schema.model import Model
from nfdsl.schema.setting import Setting
from nfdsl.show.written import Writer
from nfdsl.source import Span
from nfdsl.syntax import ast

_MOST_POINTS = 1_000  # of a grid that are looked at: nobody reads more, and an editor does not wait


@dataclass(frozen=True)
class Choice:
    """One of the values a setting stands for, and the label its grid gives it, if it gives one."""

    label: str
    text: str


@dataclass(frozen=True)
class Resolved:
    """A setting in force in a block."""

    setting: Setting
    choices: Sequence[Choice]  # none where the value is wrong
    written: Span | None  # none: the schema's default
    inherited: bool


def resolved(document: Document, definition: Definition) -> list[Resolved]:
    """Returns every setting of a block, whether written, inherited or left at its default."""
    return [_resolved(document, definition, setting) for setting in described(definition.schema_class)]


def choices_of(document: Document, value: ast.Value | ast.Unreadable, wanted: Wanted, setting: Setting) -> list[Choice]:
    """Returns what one written value comes to; nothing where it is wrong."""
    if isinstance(value, ast.Unreadable):
        return []
    try:
        return _distinct(_evaluator(document, {}, value.span).evaluate(value, wanted), setting)
    except Rejected:
        return []


def _resolved(document: Document, definition: Definition, setting: Setting) -> Resolved:
    lines = definition.settings.get(setting.name, ())
    overrides = below(definition.settings, setting.name)
    if not lines and (setting.required or not overrides):
        choices = [] if setting.required else [Choice("", Writer().written(setting.default, setting))]
        return Resolved(setting, choices, None, inherited=False)
    own, there = definition.block.span, (*overrides.values(), *lines)[0].span
    inherited = own.source is not there.source or not own.start <= there.start < own.end
    try:
        points = _setting(document, definition, setting)
    except Rejected:
        return Resolved(setting, [], there, inherited)
    return Resolved(setting, _distinct(points, setting), there, inherited)


def models(document: Document, definition: Definition) -> list[Point[Model]]:
    """Returns the networks a model block stands for; none where it is wrong."""
    parts: list[Points] = []
    settings = described(definition.schema_class)
    try:
        for setting in settings:
            if setting.required and setting.name not in definition.settings:
                return []
            parts.append(_setting(document, definition, setting))
        points = [_model(definition, point) for point in combinations(parts, definition.block.span)]
    except Rejected:
        return []
    return [point for point in points if not any(broken_rules(point.value, definition))]


def _model(definition: Definition, point: Point[tuple[Any, ...]]) -> Point[Model]:
    names = [setting.name for setting in described(definition.schema_class)]
    made: Any = definition.schema_class(**dict(zip(names, point.value, strict=True)))
    return Point(made, point.choices)


def _setting(document: Document, definition: Definition, setting: Setting) -> Points:
    """Returns the points of a setting that is written, overridden in part, or has a default."""
    lines = {f"{setting.name}.{path}": line for path, line in below(definition.settings, setting.name).items()}
    evaluator = _evaluator(document, lines, definition.block.span)
    return evaluator.setting(setting, definition.settings.get(setting.name, ()))


def _evaluator(document: Document, lines: Mapping[str, ast.Setting], block: Span) -> Evaluator:
    """Returns an evaluator for which a block is its name, so that mistakes in the block do not matter here."""
    kinds = {name: definition.kind for name, definition in document.definitions.items()}
    references = References(document.lets, document.definitions)
    overrides = Overrides(lines, block, block)
    folder = str(document.source.folder)
    return Evaluator(kinds, lambda name: [Point(name.text)], references, overrides, Zips({}, {}), folder)


def _distinct(points: Points, setting: Setting) -> list[Choice]:
    choices = [Choice(label(point), Writer().written(point.value, setting)) for point in points[:_MOST_POINTS]]
    return list(dict.fromkeys(choices))


def label(point: Point[Any]) -> str:
    """Returns what a grid calls one of its points."""
    return ", ".join(choice.text for choice in point.choices if choice.text)
