"""What every word of a spec is: a kind, a block's name, a setting, a word of the vocabulary, a unit.

The walk over values is directed by what the schema wants, as checking is, but goes on past mistakes:
a value that cannot be understood is left out, and nothing is ever raised.
"""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from nfdsl.check.arguments import arguments, head, vocabulary_word
from nfdsl.check.rejected import Rejected
from nfdsl.check.wanted import Wanted
from nfdsl.editor.vocabulary import (
    block_kinds,
    block_settings,
    choices,
    described,
    has_plain_form,
    item,
    setting_at,
    structures,
)
from nfdsl.schema.setting import Setting
from nfdsl.source import Span
from nfdsl.syntax import ast


@dataclass(frozen=True)
class KindUse:
    """The kind in a block's header."""

    span: Span
    kind: str


@dataclass(frozen=True)
class NameUse:
    """The name of a block or of a value, where it is defined or where it is referred to."""

    span: Span
    name: str
    defines: bool


@dataclass(frozen=True)
class SettingUse:
    """A setting of a block or of a word, and the value it is given; `name` is left out of ``agc(0.01)``."""

    block: str
    name: ast.Name | None
    setting: Setting
    value: ast.Value | ast.Unreadable
    wanted: Wanted
    nested: bool  # an argument of a word, rather than a setting of the block


@dataclass(frozen=True)
class WordUse:
    """A word of the vocabulary that has settings of its own: ``cosine``."""

    span: Span
    schema_class: type


@dataclass(frozen=True)
class ChoiceUse:
    """A word that is one of a few: ``tpu_v4``, ``on``, ``holdout.loss``."""

    span: Span
    text: str
    wanted: Wanted


@dataclass(frozen=True)
class UnitUse:
    """A unit, and the number it stands behind."""

    span: Span
    unit: str
    number: ast.Number


Use = KindUse | NameUse | SettingUse | WordUse | ChoiceUse | UnitUse


def places(use: Use) -> Iterator[Span]:
    """Yields the places of a use."""
    match use:
        case SettingUse():
            if use.name is not None:
                yield use.name.span
            yield use.value.span
        case KindUse() | NameUse() | WordUse() | ChoiceUse() | UnitUse():
            yield use.span
        case _:
            assert_never(use)


def use_at(uses: Sequence[Use], offset: int) -> tuple[Use, Span] | None:
    """Returns the innermost use at an offset or right before it, and its place there."""
    found = [
        (span.end - span.start, -index, use, span)
        for index, use in enumerate(uses)
        for span in places(use)
        if span.start <= offset <= span.end
    ]
    if not found:
        return None
    _, _, use, span = min(found, key=lambda candidate: candidate[:2])
    return use, span


def let_uses(let: ast.Let) -> Iterator[Use]:
    """Yields the uses in the definition of a named value, as far as they do not depend on where it is used."""
    yield NameUse(let.name.span, let.name.text, defines=True)
    if not isinstance(let.value, ast.Unreadable):
        yield from _parts(_Place(let.name.text, ()), let.value, None)


@dataclass(frozen=True)
class _Place:
    """Where a value stands: in which block, and among which named values."""

    block: str
    lets: Container[str]


def uses(block: ast.Block, lets: Container[str], family: str) -> Iterator[Use]:
    """Yields the uses in a block of a family, outer ones before inner ones, where these values have names."""
    yield KindUse(block.kind.span, block.kind.text)
    yield NameUse(block.name.span, block.name.text, defines=True)
    if block.parent is not None:
        yield NameUse(block.parent.span, block.parent.text, defines=False)
    for line in block.settings:
        setting = setting_at(block_settings(block.kind.text, family), line.name.text)
        if setting is not None:
            yield from _setting(_Place(block.name.text, lets), line, setting)


def _setting(place: _Place, line: ast.Setting, setting: Setting) -> Iterator[Use]:
    wanted = Wanted(item(setting.annotation), setting.description, line.name.text)
    yield SettingUse(place.block, line.name, setting, line.value, wanted, nested=False)
    if not isinstance(line.value, ast.Unreadable):
        yield from _value(place, line.value, wanted)


def _value(place: _Place, value: ast.Value, wanted: Wanted | None) -> Iterator[Use]:
    if wanted is None:
        yield from _parts(place, value, None)
        return
    classes = structures(wanted.annotation)
    headed = head(value) in {vocabulary_word(schema_class) for schema_class in classes}
    if isinstance(value, ast.Grid) and not wanted.description.collects:
        for entry in value.entries:
            yield from _value(place, entry.value, wanted)
    elif isinstance(value, ast.Name) and value.text in choices(wanted.annotation):
        yield ChoiceUse(value.span, value.text, wanted)
    elif isinstance(value, ast.Name) and not headed and (value.text in place.lets or "." in value.text):
        yield from _reference(value)
    elif isinstance(value, ast.Name) and block_kinds(wanted.annotation, wanted.description):
        yield NameUse(value.span, value.text, defines=False)
    elif headed or (classes and not has_plain_form(wanted.annotation)):
        yield from _structure(place, value, classes, wanted)
    else:
        yield from _parts(place, value, wanted)


def _structure(place: _Place, value: ast.Value, classes: Sequence[type], wanted: Wanted) -> Iterator[Use]:
    try:
        schema_class, given = arguments(value, classes, wanted)
    except Rejected:
        return
    if head(value) == vocabulary_word(schema_class):
        yield WordUse(_head_span(value), schema_class)
    free = list(described(schema_class))
    for name, part in given:
        setting = next((field for field in free if name is None or field.name == name.text), None)
        if setting is not None:
            free.remove(setting)
            inner = Wanted(setting.annotation, setting.description, f"{wanted.axis}.{setting.name}")
            yield SettingUse(place.block, name, setting, part, inner, nested=True)
            yield from _value(place, part, inner)


def _head_span(value: ast.Value) -> Span:
    match value:
        case ast.Call():
            return value.function.span
        case ast.Phrase():
            return value.items[0].span
        case _:
            return value.span


def _reference(name: ast.Name) -> Iterator[Use]:
    """Yields the use of a name in a value; of a dotted one, of the block it begins with."""
    root = name.text.partition(".")[0]
    yield NameUse(replace(name.span, end=name.span.start + len(root)), root, defines=False)


def _parts(place: _Place, value: ast.Value, wanted: Wanted | None) -> Iterator[Use]:
    if isinstance(value, ast.Name):
        yield from _reference(value)
    if isinstance(value, ast.Number) and value.unit is not None:
        yield UnitUse(value.unit.span, value.unit.text, value)
    for part in _inside(value):
        yield from _value(place, part, wanted)


def _inside(value: ast.Value) -> Sequence[ast.Value]:
    """Returns the values a value is made of."""
    match value:
        case ast.List() | ast.Phrase():
            return value.items
        case ast.Grid():
            return [entry.value for entry in value.entries]
        case ast.Range():
            return (value.first, value.last, value.by)
        case ast.Binary():
            return (value.left, value.right)
        case ast.Negative():
            return (value.value,)
        case ast.Call():
            return [argument.value for argument in value.arguments]
        case ast.Name() | ast.String() | ast.Number() | ast.Shape():
            return ()
