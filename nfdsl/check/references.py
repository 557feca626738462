"""What names in values stand for: values of a `let`, and values of other blocks by dotted names.

A reference is followed to the value as it was written, so that it is evaluated once more where it is used, as
what is wanted there, exact and with its own places. Where a block leaves a setting out, its default is meant.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, is_dataclass, replace
from fractions import Fraction
from typing import Any, cast, get_args

from nfdsl.check.arguments import arguments, bind, vocabulary_word
from nfdsl.check.names import unknown
from nfdsl.check.numbers import Amount, Numeric, measure, not_a_number
from nfdsl.check.point import Point, named
from nfdsl.check.rejected import Rejected
from nfdsl.check.scope import Definition
from nfdsl.check.tally import Tally
from nfdsl.check.wanted import Wanted
from nfdsl.diagnostics import Diagnostic, Label
from nfdsl.nearest import nearest
from nfdsl.schema.blocks import KINDS
from nfdsl.schema.setting import Description, Setting, settings
from nfdsl.schema.units import Dimension, Quantity
from nfdsl.source import Span
from nfdsl.syntax import ast

DEEPEST = 128  # levels of values and of the references between them; whoever walks them recurses


@dataclass(frozen=True)
class Target:
    """What a name stands for: a value as written, or the default of a setting."""

    name: str  # in full: "peaks", "scaling.optimizer.momentum"
    value: ast.Value | None
    default: Any
    description: Description
    place: Span  # where it is named
    overrides: Mapping[str, ast.Setting] = field(default_factory=dict[str, ast.Setting])  # by path below the name


@dataclass
class References:
    """Follows names among the values and blocks of a study, and remembers the numbers they stand for."""

    lets: Mapping[str, ast.Let]
    definitions: Mapping[str, Definition]
    tally: Tally = field(default_factory=Tally)
    _open: list[Target] = field(default_factory=list[Target])  # being followed, outermost first
    _depth: int = 0
    _numbers: dict[str, list[Point[Numeric]]] = field(default_factory=dict[str, list[Point[Numeric]]])
    _levels: dict[str, int] = field(default_factory=dict[str, int])
    too_deep_is_said: bool = False
    _parts_of: set[str] = field(default_factory=set[str])  # the names whose parts are being looked for
    _cycles: set[frozenset[str]] = field(default_factory=set[frozenset[str]])  # that have been reported

    def target(self, name: ast.Name) -> Target | None:
        """Returns what a name stands for, or None if it is not that of a value.

        Raises:
          Rejected: it begins with the name of a block, but that has no such value.
        """
        if let := self.lets.get(name.text):
            return Target(let.name.text, _readable(let.value), None, Description(""), let.name.span)
        block, _, path = name.text.partition(".")
        definition = self.definitions.get(block)
        return self._in_block(name, definition, path) if definition is not None and path else None

    @contextmanager
    def following(self, name: ast.Name, target: Target) -> Generator[None]:
        """Keeps the target open meanwhile.

        Raises:
          Rejected: it is open already: it needs itself; or too many are.
        """
        if any(other.name == target.name for other in self._open):
            raise Rejected(*self._cycle(name, target))
        if target.name not in self._levels:
            self._levels[target.name] = 1 if target.value is None else 1 + levels(target.value)
        with self.deeper(self._levels[target.name], name.span):
            self._open.append(target)
            try:
                yield
            finally:
                self._open.pop()

    def refuse_circle(self, name: ast.Name) -> None:
        """Raises `Rejected` where a name stands for a name, and that for another, until the first comes again."""
        target = self.target(name)
        if target is not None:
            with self.following(name, target):
                if isinstance(target.value, ast.Name):
                    self.refuse_circle(target.value)

    @contextmanager
    def deeper(self, steps: int, span: Span) -> Generator[None]:
        """Counts levels of evaluation. Raises `Rejected` where there are too many."""
        if self._depth + steps > DEEPEST:
            raise Rejected(*self._too_deep(span))
        self._depth += steps
        try:
            yield
        finally:
            self._depth -= steps

    def _too_deep(self, span: Span) -> Iterator[Diagnostic]:
        """Yields that values are nested too deep, once: of a long chain every link is."""
        if not self.too_deep_is_said:
            self.too_deep_is_said = True
            yield Diagnostic(
                "nesting-too-deep",
                f"values and the references between them are nested more than {DEEPEST} deep",
                Label(span, "one level too many"),
                help="say it with fewer levels",
            )

    def numbers(self, name: ast.Name, axis: str) -> Sequence[Point[Numeric]]:
        """Returns the numbers a name stands for, their grid being that of the name.

        Raises:
          Rejected: it stands for none.
        """
        target = self.target(name)
        if target is None:
            raise Rejected(self._unknown(name, axis))
        if target.name not in self._numbers:
            with self.following(name, target):
                self._numbers[target.name] = self._measured(name, target)
        return [
            Point(_at(point.value, name, target), tuple(replace(choice, axis=axis) for choice in point.choices))
            for point in self._numbers[target.name]
        ]

    def written(self, name: ast.Name) -> ast.Value | None:
        """Returns the value at the end of a chain of names, or None where that is a default or is unknown."""
        seen: set[str] = set()
        value: ast.Value | None = name
        while isinstance(value, ast.Name):
            target = self.target(value)
            if target is None:
                return value
            if target.name in seen:
                return None
            seen.add(target.name)
            value = target.value
        return value

    def _measured(self, name: ast.Name, target: Target) -> list[Point[Numeric]]:
        if target.value is not None:
            return named(measure(target.value, target.name, self), target.name, target.name)
        default = _default_numbers(target, name.span)
        if default is None:
            raise Rejected(not_a_number(name, name.text))
        return [Point(default)]

    def _in_block(self, name: ast.Name, definition: Definition, path: str) -> Target:
        known = {setting.name: setting for setting in settings(definition.schema_class)}
        first, *rest = path.split(".")
        if first not in known:
            what = f"setting of `{definition.kind}`"
            raise Rejected(unknown("unknown-setting", what, first, _part(name, 1), known))
        target = _setting_target(definition, known[first])
        below = known[first]
        if rest and name.text in self._parts_of:
            raise Rejected(_part_of_itself(name, target))
        self._parts_of.add(name.text)
        try:
            for position, part in enumerate(rest, start=2):
                target, below = self._argument(name, target, below, part, position)
        finally:
            self._parts_of.discard(name.text)
        return target

    def _argument(
        self, name: ast.Name, target: Target, setting: Setting, part: str, position: int
    ) -> tuple[Target, Setting]:
        """Returns one argument of the word that is a setting's value."""
        classes = word_classes(setting.annotation)
        value = self.written(target.value) if isinstance(target.value, ast.Name) else target.value
        wanted = Wanted(setting.annotation, setting.description, target.name)
        bound: dict[str, ast.Value] = {}
        default: Any = target.default
        if value is None and is_dataclass(default) and type(default) in classes:
            schema_class = type(default)
        elif isinstance(value, ast.Name | ast.Call | ast.Phrase) and classes:
            schema_class, given = arguments(value, classes, wanted)
            bound = bind(schema_class, list(settings(schema_class)), given, value.span, target.overrides)
            default = None
        else:
            raise Rejected(_no_parts(name, position, target))
        fields = {inner.name: inner for inner in settings(schema_class)}
        if part not in fields:
            what = f"setting of `{vocabulary_word(schema_class)}`"
            raise Rejected(unknown("unknown-setting", what, part, _part(name, position), fields))
        return _argument_target(target, fields[part], bound, default), fields[part]

    def _unknown(self, name: ast.Name, axis: str) -> Diagnostic:
        if nearest(name.text, self.lets):
            return unknown("unknown-name", "value", name.text, name.span, self.lets)
        return not_a_number(name, axis)

    def _cycle(self, name: ast.Name, target: Target) -> Iterator[Diagnostic]:
        """Yields what is wrong where names lead back to a target, once for each circle."""
        start = next(index for index, other in enumerate(self._open) if other.name == target.name)
        chain = [*self._open[start:], target]
        circle = frozenset(link.name for link in chain)
        if circle in self._cycles:
            return
        self._cycles.add(circle)
        yield Diagnostic(
            "reference-cycle",
            f"the value of `{target.name}` needs itself",
            Label(name.span, " -> ".join(link.name for link in chain)),
            tuple(Label(link.place, f"`{link.name}` is said here") for link in chain[:-1]),
            help="give one of these a value of its own",
        )


def _part_of_itself(name: ast.Name, target: Target) -> Diagnostic:
    return Diagnostic(
        "reference-cycle",
        f"the value of `{target.name}` needs itself",
        Label(name.span, f"`{name.text}` is a part of it"),
        (Label(target.place, f"`{target.name}` is said here"),),
        help="give one of these a value of its own",
    )


def word_classes(annotation: Any) -> list[type]:
    """Returns the classes of words a setting may hold, blocks not counted."""
    members = get_args(annotation) or (annotation,)
    blocks = {schema_class for classes in KINDS.values() for schema_class in classes}
    return [m for m in members if is_dataclass(m) and isinstance(m, type) and m is not Quantity and m not in blocks]


def levels(value: ast.Value) -> int:
    """Returns how deep values are nested in a value; 1 if it holds none."""
    deepest = 0
    waiting = [(value, 1)]
    while waiting:
        inner, depth = waiting.pop()
        deepest = max(deepest, depth)
        waiting.extend((part, depth + 1) for part in _parts(inner))
    return deepest


def _parts(value: ast.Value) -> Sequence[ast.Value]:
    match value:
        case ast.List() | ast.Phrase():
            return value.items
        case ast.Grid():
            return [entry.value for entry in value.entries]
        case ast.Call():
            return [argument.value for argument in value.arguments]
        case ast.Binary():
            return (value.left, value.right)
        case ast.Range():
            return (value.first, value.last)
        case ast.Negative():
            return (value.value,)
        case ast.Name() | ast.String() | ast.Number() | ast.Shape():
            return ()


def _readable(value: ast.Value | ast.Unreadable) -> ast.Value:
    if isinstance(value, ast.Unreadable):
        raise Rejected  # the parser has said why
    return value


def _setting_target(definition: Definition, setting: Setting) -> Target:
    name = f"{definition.name}.{setting.name}"
    written = definition.settings.get(setting.name)
    overrides = below(definition.settings, setting.name)
    if written is not None:
        value = _readable(written[0].value)
        return Target(name, value, None, setting.description, written[0].name.span, overrides)
    if setting.required:
        raise Rejected  # that it is missing is said where it is missing
    return Target(name, None, setting.default, setting.description, definition.block.name.span, overrides)


def below(settings: Mapping[str, tuple[ast.Setting, ...]], root: str) -> dict[str, ast.Setting]:
    """Returns the settings that override arguments of the setting `root`, by their path below it."""
    return {path[len(root) + 1 :]: lines[0] for path, lines in settings.items() if path.startswith(f"{root}.")}


def _argument_target(word: Target, setting: Setting, bound: Mapping[str, ast.Value], default: Any) -> Target:
    name = f"{word.name}.{setting.name}"
    inner = {
        path.partition(".")[2]: line for path, line in word.overrides.items() if path.startswith(f"{setting.name}.")
    }
    override = word.overrides.get(setting.name)
    if override is not None:
        return Target(name, _readable(override.value), None, setting.description, override.name.span, inner)
    if setting.name in bound:
        value = bound[setting.name]
        return Target(name, value, None, setting.description, value.span, inner)
    fallback = setting.default if default is None else getattr(default, setting.name)
    return Target(name, None, fallback, setting.description, word.place, inner)


def _default_numbers(target: Target, span: Span) -> Numeric | None:
    dimension = target.description.units[0]
    default: object = target.default
    match default:
        case bool():
            return None
        case Quantity() as quantity:
            return Amount(quantity.amount, quantity.dimension, span)
        case int() | float() as number:
            return _amount(number, dimension, span)
        case tuple():
            items = cast(tuple[object, ...], default)
            return tuple(_amount(item, dimension, span) for item in items if isinstance(item, int | float))
        case _:
            return None


def _amount(number: float, dimension: Dimension, span: Span) -> Amount:
    return Amount(Fraction(repr(number)), dimension, span)  # the decimal that is written in the schema


def _at(value: Numeric, name: ast.Name, target: Target) -> Numeric:
    """Returns a default as if it was written where it is used; other numbers keep their place."""
    if target.value is not None:
        return value
    if isinstance(value, tuple):
        return tuple(replace(item, span=name.span) for item in value)
    return replace(value, span=name.span)


def _part(name: ast.Name, position: int) -> Span:
    """Returns the place of one of the words between the dots of a name."""
    words = name.text.split(".")
    start = name.span.start + sum(len(word) + 1 for word in words[:position])
    return replace(name.span, start=start, end=start + len(words[position]))


def _no_parts(name: ast.Name, position: int, target: Target) -> Diagnostic:
    shown = "left at its default" if target.value is None else "not a word with arguments"
    return Diagnostic(
        "no-such-part",
        f"`{target.name}` has no parts to name",
        Label(_part(name, position), "named here"),
        (Label(target.place, f"this is {shown}"),),
        help="only the arguments of a word, such as those of `sgd(momentum: 0.9)`, can be named one by one",
    )
