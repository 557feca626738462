"""Values as their author wrote them, with the settings of their words that were left to defaults written out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from nfdsl.check.arguments import head, vocabulary_word
from nfdsl.schema.setting import Description, Setting, settings
from nfdsl.show.structure import structure_of
from nfdsl.show.written import Writer
from nfdsl.syntax import ast


@dataclass(frozen=True)
class Completed:
    """The text of a value, and the names of what was added to it."""

    text: str
    added: Sequence[str]


@dataclass(frozen=True)
class _Addition:
    """Text to put in at an offset of the source, and the setting it is of, if any."""

    offset: int
    text: str
    name: str = ""


def completed(value: ast.Value, setting: Setting) -> Completed:
    """Returns the value of a setting that has passed every check; what it means is unchanged."""
    additions = sorted(_additions(value, setting.annotation, setting.description, True), key=lambda found: found.offset)
    text, at = "", value.span.start
    for addition in additions:
        text += value.span.source.text[at : addition.offset] + addition.text
        at = addition.offset
    return Completed(
        text + value.span.source.text[at : value.span.end], [found.name for found in additions if found.name]
    )


def _additions(value: ast.Value, annotation: Any, description: Description, is_phrase: bool) -> Iterator[_Addition]:
    if isinstance(value, ast.Grid) and not description.collects:
        for entry in value.entries:
            yield from _additions(entry.value, annotation, description, False)
        return
    structure = structure_of(value, annotation, description)
    if structure is None:
        return
    fields = list(settings(structure.schema_class))
    for field in fields:
        if field.name in structure.values:
            yield from _additions(structure.values[field.name], field.annotation, field.description, False)
    missing = [field for field in fields if field.name not in structure.values]
    if isinstance(value, ast.Call):
        yield from _in_call(value, missing)
    elif head(value) == vocabulary_word(structure.schema_class) and not isinstance(value, ast.Phrase):
        yield from _after_word(value, missing)
    else:
        yield from _beside(value, missing, vocabulary_word(structure.schema_class), is_phrase)


def _in_call(call: ast.Call, missing: Sequence[Setting]) -> Iterator[_Addition]:
    text = call.span.source.text
    if call.arguments:
        offset, before = call.arguments[-1].span.end, ", "
    else:
        offset, before = text.index("(", call.function.span.end) + 1, ""
    for field in missing:
        yield _Addition(offset, f"{before}{field.name}: {_default(field)}", field.name)
        before = ", "


def _after_word(value: ast.Value, missing: Sequence[Setting]) -> Iterator[_Addition]:
    """Yields the arguments of a word that has none: `cosine` becomes a call."""
    offset = value.span.source.text.index(head(value), value.span.start) + len(head(value))
    before = "("
    for field in missing:
        yield _Addition(offset, f"{before}{field.name}: {_default(field)}", field.name)
        before = ", "
    if missing:
        yield _Addition(offset, ")")


def _beside(value: ast.Value, missing: Sequence[Setting], word: str, is_phrase: bool) -> Iterator[_Addition]:
    """Yields what follows values that stand without their word; in brackets they must become a call."""
    if missing and not is_phrase:
        yield _Addition(value.span.start, f"{word}(")
    for field in missing:
        yield _Addition(value.span.end, f", {field.name}{' ' if is_phrase else ': '}{_default(field)}", field.name)
    if missing and not is_phrase:
        yield _Addition(value.span.end, ")")


def _default(field: Setting) -> str:
    return Writer().value(field.default, field)
