"""Values as their author wrote them, with all that other lines and the schema say of their arguments put in."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from nfdsl.check.arguments import head, vocabulary_word
from nfdsl.paths import from_spec
from nfdsl.schema.setting import Setting, settings
from nfdsl.show.structure import Structure, default_value, structure_of
from nfdsl.show.written import quoted
from nfdsl.syntax import ast

Overrides = Mapping[str, ast.Value]  # values that lines of their own give to arguments, by path: "using.trials"


@dataclass(frozen=True)
class Completed:
    """The text of a value; the arguments that were left to defaults, and those that were overridden."""

    text: str
    defaults: Sequence[str]
    overridden: Sequence[str]


@dataclass(frozen=True)
class _Edit:
    """Text in place of ``[start, end)`` of the source, and the path of the argument it is of, if any."""

    start: int
    end: int
    text: str
    path: str = ""
    is_default: bool = False


def completed(value: ast.Value, setting: Setting, overrides: Overrides) -> Completed:
    """Returns the value of a setting that has passed every check; it means what it did with its overrides.

    An override below a name that stands for a value of another place is left out.
    """
    edits = sorted(_Completion(overrides).edits(value, setting, "", True), key=lambda edit: (edit.start, edit.end))
    text, at = "", value.span.start
    for edit in edits:
        text += value.span.source.text[at : edit.start] + edit.text
        at = edit.end
    defaults = list(dict.fromkeys(edit.path for edit in edits if edit.is_default))
    overridden = list(dict.fromkeys(edit.path for edit in edits if edit.path in overrides))
    return Completed(text + value.span.source.text[at : value.span.end], defaults, overridden)


@dataclass(frozen=True)
class _Completion:
    overrides: Overrides

    def edits(self, value: ast.Value, setting: Setting, path: str, is_phrase: bool) -> Iterator[_Edit]:
        """Yields what is to be put into a value; a phrase is one that stands in no brackets."""
        if isinstance(value, ast.Grid) and not setting.description.collects:
            for entry in value.entries:
                yield from self.edits(entry.value, setting, path, False)
            return
        if setting.description.path and isinstance(value, ast.String):
            yield from _path(value)
        structure = structure_of(value, setting)
        if structure is None:
            return
        for part in settings(structure.schema_class):
            if part.name in structure.values:
                yield from self._written(structure.values[part.name], part, path)
        yield from _added(value, structure, list(self._missing(structure, path)), is_phrase)

    def _written(self, value: ast.Value, part: Setting, path: str) -> Iterator[_Edit]:
        below = f"{path}{part.name}"
        override = self.overrides.get(below)
        if override is None:
            yield from self.edits(value, part, f"{below}.", False)
        else:
            yield _Edit(value.span.start, value.span.end, self._text(override, part, below), below)

    def _missing(self, structure: Structure, path: str) -> Iterator[tuple[str, _Edit]]:
        """Yields name and text of the settings that are not written, where they are still to be put."""
        for part in settings(structure.schema_class):
            if part.name not in structure.values:
                below = f"{path}{part.name}"
                value = self.overrides.get(below) or default_value(part)
                assert value is not None
                text = self._text(value, part, below)
                yield part.name, _Edit(0, 0, text, below, is_default=below not in self.overrides)

    def _text(self, value: ast.Value, part: Setting, path: str) -> str:
        """Returns a value from another place as it stands in brackets."""
        inner = {
            name.removeprefix(f"{path}."): value
            for name, value in self.overrides.items()
            if name.startswith(f"{path}.")
        }
        structure = structure_of(value, part)
        if isinstance(value, ast.Phrase) and structure is not None:
            named = [f"{name}: {inside.span.text}" for name, inside in structure.values.items()]
            return f"{vocabulary_word(structure.schema_class)}({', '.join(named)})"
        return completed(value, part, inner).text


def _path(value: ast.String) -> Iterator[_Edit]:
    """Yields the path in place of one that a file in another folder says, where it starts."""
    if (path := from_spec(value.text, value.span.source.below)) != value.text:
        yield _Edit(value.span.start, value.span.end, quoted(path))


def _added(
    value: ast.Value, structure: Structure, missing: Sequence[tuple[str, _Edit]], is_phrase: bool
) -> Iterator[_Edit]:
    """Yields the settings that are missing, where they go: into the call, or behind the phrase."""
    word = vocabulary_word(structure.schema_class)
    separator = ": "
    if isinstance(value, ast.Call):
        at, before, end = _end_of_call(value)
    elif head(value) == word and not isinstance(value, ast.Phrase):
        at, before, end = value.span.source.text.index(word, value.span.start) + len(word), "(", ")"
    elif is_phrase:
        at, before, end, separator = value.span.end, ", ", "", " "
    else:  # in brackets it must become a call
        at, before, end = value.span.end, ", ", ")"
        yield from [_Edit(value.span.start, value.span.start, f"{word}(")] if missing else []
    for name, edit in missing:
        yield replace(edit, start=at, end=at, text=f"{before}{name}{separator}{edit.text}")
        before = ", "
    if missing and end:
        yield _Edit(at, at, end)


def _end_of_call(call: ast.Call) -> tuple[int, str, str]:
    """Returns where one more argument goes, and what is to stand before and behind it."""
    if call.arguments:
        return call.arguments[-1].span.end, ", ", ""
    return call.span.source.text.index("(", call.function.span.end) + 1, "", ""
