"""From what is written to what is meant: values of schema types, at every point of their grids.

Evaluation is directed by the type the schema wants. Its result is always a list of points, one
for each combination of the grids inside the value; a value without grids has one point.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, is_dataclass, replace
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from nfdsl.check.amounts import numbers
from nfdsl.check.arguments import arguments, bind, head, misspelt, vocabulary_word
from nfdsl.check.names import unknown
from nfdsl.check.overrides import Overrides
from nfdsl.check.point import Choice, Point, Points, combinations, named, sweep
from nfdsl.check.references import References, Target, word_classes
from nfdsl.check.rejected import Rejected
from nfdsl.check.wanted import Wanted
from nfdsl.check.weights import require_weights
from nfdsl.check.zips import Zips
from nfdsl.diagnostics import Diagnostic, Fix, Label
from nfdsl.nearest import nearest
from nfdsl.paths import from_spec, is_url, located
from nfdsl.schema.blocks import KINDS
from nfdsl.schema.setting import Setting, settings
from nfdsl.schema.units import Quantity
from nfdsl.syntax import ast

_BLOCK_CLASSES = {schema_class: kind for kind, classes in KINDS.items() for schema_class in classes}
_NOTHING = {"none", "null", "off", "no", "false"}  # what is `none` here, in other languages and other places
_BOOLEANS = {"on": True, "off": False, "true": True, "false": False}


@dataclass(frozen=True)
class Evaluator:
    """Evaluates the values of one block among the other blocks and the named values of a study."""

    kinds: Mapping[str, str]  # block name -> kind
    block: Callable[[ast.Name], Points]  # the points of the block a word names
    references: References
    overrides: Overrides
    zips: Zips
    folder: str  # of the spec
    known: dict[tuple[str, Any, str], Points] = field(default_factory=dict[tuple[str, Any, str], Points])

    def setting(self, setting: Setting, written: Sequence[ast.Setting]) -> Points:
        """Returns the points of a setting; one written several times collects its values, one not at all has
        its default, which overrides may change."""
        values = [line.value for line in written if not isinstance(line.value, ast.Unreadable)]
        if len(values) < len(written):
            raise Rejected  # the parser has said why
        wanted = Wanted(setting.annotation, setting.description, setting.name)
        if get_origin(setting.annotation) is tuple and is_dataclass(get_args(setting.annotation)[0]):
            item = Wanted(get_args(setting.annotation)[0], setting.description, setting.name)
            return [*combinations([self.evaluate(value, item) for value in values], written[0].span)]
        points = self.evaluate(values[0], wanted) if values else self._default(setting.default, wanted)
        self.overrides.refuse_unused(setting.name, written)
        return self.zips.paired(points, setting.name)

    def evaluate(self, value: ast.Value, wanted: Wanted) -> Points:
        """Returns `value` as the wanted type, at every point of its grids.

        Raises:
          Rejected: it cannot be that, or has too many points.
        """
        points = self._evaluated(value, wanted)
        self.references.tally.add(points, value.span)
        return points

    def _evaluated(self, value: ast.Value, wanted: Wanted) -> Points:
        if isinstance(value, ast.Name) and (target := self._target(value, wanted)) is not None:
            return self._referred(value, target, wanted)
        if isinstance(value, ast.Grid) and not wanted.description.collects:
            return sweep(value, wanted.axis, lambda entry: self.evaluate(entry, wanted))
        annotation = wanted.annotation
        origin = get_origin(annotation)
        if origin in (Union, UnionType):
            return self._union(value, wanted)
        if _is_numeric(annotation):
            if isinstance(value, ast.Name):
                raise self._not_a_number(value, wanted)
            return numbers(value, wanted, self.references)
        if origin is Literal:
            return [Point(_choice(value, wanted))]
        if annotation is bool:
            return [Point(_BOOLEANS[_word(value, _BOOLEANS, wanted)])]
        if annotation is str:
            return [Point(self._text(value, wanted))]
        if annotation in _BLOCK_CLASSES:
            return self._reference(value, wanted, _BLOCK_CLASSES[annotation])
        return self._structure(value, (annotation,), wanted)

    def _target(self, name: ast.Name, wanted: Wanted) -> Target | None:
        """Returns the named value a word stands for; None if it is a word of this place, or a block."""
        own = name.text in _own_words(wanted.annotation)
        if own and (let := self.references.lets.get(name.text)):
            raise Rejected(_ambiguous(name, let, wanted))
        is_block = name.text in self.kinds
        return None if own or is_block else self.references.target(name)

    def _referred(self, name: ast.Name, target: Target, wanted: Wanted) -> Points:
        """Returns what the target of a name is as the wanted type."""
        try:
            if _is_numeric(wanted.annotation):
                return numbers(name, wanted, self.references)
            if self.overrides.below(wanted.axis):
                return self._followed(name, target, wanted)
            key = target.name, wanted.annotation, wanted.axis
            if key not in self.known:
                self.known[key] = self._followed(name, target, wanted)
            return self.known[key]
        except Rejected as rejected:
            raise Rejected(*(_used_here(found, name) for found in rejected.diagnostics)) from None

    def _followed(self, name: ast.Name, target: Target, wanted: Wanted) -> Points:
        plain = _plain_member(wanted.annotation)
        written = self.references.written(name)
        is_default = target.value is None and _fits(target.default, wanted.annotation)
        is_word = written is not None and head(written) in _own_words(wanted.annotation)
        if plain is not None and _is_numeric(plain) and not (is_default or is_word):
            return numbers(name, replace(wanted, annotation=plain), self.references)
        overrides = self.overrides.on_top_of(target.overrides, wanted.axis)
        inner = replace(self, overrides=overrides, known={}) if target.overrides else self
        with self.references.following(name, target):
            if target.value is not None:
                return named(inner.evaluate(target.value, wanted), target.name, wanted.axis)
            if is_default:
                return inner._default(target.default, wanted)
        raise wanted.but_is(name, "a value of another kind")

    def _not_a_number(self, name: ast.Name, wanted: Wanted) -> Rejected:
        lets = self.references.lets
        if name.text not in self.kinds and nearest(name.text, lets):
            return Rejected(unknown("unknown-name", "value", name.text, name.span, lets))
        return wanted.but_is(name, wanted.number)

    def _default(self, default: Any, wanted: Wanted) -> Points:
        """Returns a default, changed by what overrides its arguments."""
        schema_class = next((each for each in word_classes(wanted.annotation) if type(default) is each), None)
        if schema_class is None or not self.overrides.below(wanted.axis):
            return [Point(default)]
        return self._built(schema_class, {}, default, wanted)

    def _union(self, value: ast.Value, wanted: Wanted) -> Points:
        members = get_args(wanted.annotation)
        if NoneType in members and isinstance(value, ast.Name) and value.text == "none":
            return [Point(None)]
        if NoneType in members and isinstance(value, ast.Name) and value.text.lower() in _NOTHING - {*self.kinds}:
            raise _not_none(value, wanted)
        kinds = {_BLOCK_CLASSES[member] for member in members if member in _BLOCK_CLASSES}
        if kinds:
            return self._reference(value, wanted, *kinds)
        classes = [member for member in members if _is_structure(member)]
        plain = _plain_member(wanted.annotation)
        if plain is not None and head(value) not in {vocabulary_word(member) for member in classes}:
            return self.evaluate(value, replace(wanted, annotation=plain))
        return self._structure(value, classes, wanted)

    def _text(self, value: ast.Value, wanted: Wanted) -> str:
        kinds = wanted.description.names
        if not kinds and isinstance(value, ast.String):
            return self._path(value, wanted.description.files) if wanted.description.path else value.text
        if not kinds and wanted.description.path and isinstance(value, ast.Name | ast.Binary):
            raise _unquoted(value, wanted)
        if not kinds or not isinstance(value, ast.Name):
            raise wanted.but_is(value, f"the name of a {' or '.join(kinds)} block" if kinds else 'text in `"`')
        self._require_block(value, kinds)
        return value.text

    def _path(self, value: ast.String, endings: Sequence[str]) -> str:
        if is_url(value.text):
            raise Rejected(
                Diagnostic(
                    "url-as-path",
                    f"`{value.text}` is a URL, and files are read from folders alone",
                    Label(value.span, "not a path"),
                    help="mount the bucket (Cloud Storage FUSE does for `gs://`), or copy it, and name that folder",
                )
            )
        path = from_spec(value.text, value.span.source.below)
        if endings:
            require_weights(value, Path(located(path, self.folder)), endings)
        return path

    def _reference(self, value: ast.Value, wanted: Wanted, kind: str) -> Points:
        if not isinstance(value, ast.Name):
            raise wanted.but_is(value, f"the name of a {kind} block")
        self._require_block(value, (kind,))
        return [
            Point(point.value, tuple(_choices_of_block(value.text, index, point, wanted.axis)))
            for index, point in enumerate(self.block(value))
        ]

    def _require_block(self, name: ast.Name, kinds: Sequence[str]) -> None:
        if self.kinds.get(name.text) not in kinds:
            candidates = [block for block, kind in self.kinds.items() if kind in kinds]
            raise Rejected(unknown("unknown-name", f"{' or '.join(kinds)} block", name.text, name.span, candidates))

    def _structure(self, value: ast.Value, classes: Sequence[type], wanted: Wanted) -> Points:
        """Returns the points of a vocabulary word with its arguments."""
        schema_class, given = arguments(value, classes, wanted)
        try:
            return self._bound(value, schema_class, given, wanted)
        except Rejected:
            if names := misspelt(value, schema_class) or self._unknown_word(value, schema_class, wanted):
                raise Rejected(*names) from None
            raise

    def _unknown_word(self, value: ast.Value, schema_class: type, wanted: Wanted) -> list[Diagnostic]:
        """Returns that the first word of a value is not that of its class, where it is nothing else either."""
        word, first = vocabulary_word(schema_class), value.items[0] if isinstance(value, ast.Phrase) else value
        known = {word, *(item.name for item in settings(schema_class)), *self.references.lets, *self.kinds}
        if not isinstance(first, ast.Name) or word == wanted.axis or first.text in known or "." in first.text:
            return []
        words = [word, "none"] if NoneType in get_args(wanted.annotation) else [word]
        return [unknown("unknown-word", f"value of `{wanted.axis}`", first.text, first.span, words)]

    def _bound(
        self, value: ast.Value, schema_class: type, given: list[tuple[ast.Name | None, ast.Value]], wanted: Wanted
    ) -> Points:
        overrides = self.overrides.below(wanted.axis)
        bound = bind(schema_class, list(settings(schema_class)), given, value.span, overrides)
        for name, argument in bound.items():
            self.overrides.refuse_second(f"{wanted.axis}.{name}", argument)
        return self._built(schema_class, bound, None, wanted)

    def _built(self, schema_class: type, bound: Mapping[str, ast.Value], default: Any, wanted: Wanted) -> Points:
        """Returns the points of a word whose arguments are bound, overridden, or as in the default."""
        fields = list(settings(schema_class))
        self.overrides.refuse_unknown(wanted.axis, vocabulary_word(schema_class), fields)
        parts: list[Points] = []
        problems: list[Diagnostic] = []
        for item in fields:
            inner = Wanted(item.annotation, item.description, f"{wanted.axis}.{item.name}")
            try:
                parts.append(self._argument(item, inner, bound.get(item.name), default))
            except Rejected as rejected:
                problems.extend(rejected.diagnostics)
        if len(parts) < len(fields):
            raise Rejected(*problems)
        names = [item.name for item in fields]
        return [
            Point(schema_class(**dict(zip(names, point.value, strict=True))), point.choices)
            for point in combinations(parts, self.overrides.span)
        ]

    def _argument(self, item: Setting, wanted: Wanted, bound: ast.Value | None, default: Any) -> Points:
        override = self.overrides.take(wanted.axis)
        value = bound if override is None else override.value
        if isinstance(value, ast.Unreadable):
            raise Rejected  # the parser has said why
        if value is None:
            fallback = item.default if default is None else getattr(default, item.name)
            return self.zips.paired(self._default(fallback, wanted), wanted.axis)
        return self.zips.paired(self.evaluate(value, wanted), wanted.axis)


def _choices_of_block(name: str, index: int, point: Point[Any], axis: str) -> Iterable[Choice]:
    """Yields what a point of a block is as the value of a setting: one choice, and silently those of named grids."""
    yield Choice(axis, ", ".join(choice.text for choice in point.choices if choice.text) or name, name, index)
    yield from (Choice(axis, "", choice.grid, choice.index) for choice in point.choices if choice.grid)


def _not_none(value: ast.Name, wanted: Wanted) -> Rejected:
    headline, label = f"`{value.text}` is no value of `{wanted.axis}`", Label(value.span, "not known")
    fix = Fix(value.span, "none")
    return Rejected(Diagnostic("unknown-word", headline, label, help=f"write `{wanted.axis} none`", fix=fix))


def _unquoted(value: ast.Name | ast.Binary, wanted: Wanted) -> Rejected:
    text = f'"{value.span.text}"'
    is_certain = re.fullmatch(r"[\w.*/-]+", value.span.text) is not None
    rejected = wanted.but_is(value, 'text in `"`').diagnostics[0]
    return Rejected(replace(rejected, help=f"write `{text}`", fix=Fix(value.span, text) if is_certain else None))


def _own_words(annotation: Any) -> set[str]:
    """Returns the words that mean something by themselves where a type is wanted."""
    members = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    words: set[str] = set()
    for member in members:
        if member is NoneType:
            words.add("none")
        elif member is bool:
            words.update(_BOOLEANS)
        elif get_origin(member) is Literal:
            words.update(get_args(member))
    return words | {vocabulary_word(schema_class) for schema_class in word_classes(annotation)}


def _plain_member(annotation: Any) -> Any:
    """Returns the member of a union that is neither a word nor none: the number of ``float | Tune``."""
    if get_origin(annotation) not in (Union, UnionType):
        return None
    members = (member for member in get_args(annotation) if member is not NoneType and not _is_structure(member))
    return next(members, None)


def _is_numeric(annotation: Any) -> bool:
    return annotation in (int, float, Quantity) or get_origin(annotation) is tuple


def _fits(default: Any, annotation: Any) -> bool:
    """Whether the default of one setting can, as it is, be the value of another; numbers have units to check."""
    if isinstance(default, int | float | Quantity | tuple) and not isinstance(default, bool):
        return False
    members = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    words = {word for member in members if get_origin(member) is Literal for word in get_args(member)}
    return type(default) in members or (isinstance(default, str) and default in words)


def _ambiguous(name: ast.Name, let: ast.Let, wanted: Wanted) -> Diagnostic:
    return Diagnostic(
        "ambiguous-name",
        f"`{name.text}` is a word of `{wanted.axis}`, and the name of a value too",
        Label(name.span, "either could be meant"),
        (Label(let.name.span, "named here"),),
        help="give the value another name",
    )


def _used_here(found: Diagnostic, name: ast.Name) -> Diagnostic:
    """Returns a diagnostic about a named value with the place that uses it."""
    if found.primary.span == name.span or any(label.span == name.span for label in found.secondary):
        return found
    return replace(found, secondary=(*found.secondary, Label(name.span, f"`{name.text}` is used here")))


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
