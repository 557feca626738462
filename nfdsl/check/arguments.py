"""Words with arguments: ``cosine(warmup: 5k steps)``, or the same without parentheses.

A phrase is a call whose parentheses are left out: ``rho 0.05`` for `SAM`, ``tune 0.1 .. 3.2 by x2
minimizing holdout.loss`` for `Tune`. A setting's name followed by a value is a named argument.
"""

from collections.abc import Container, Sequence
from dataclasses import replace
from typing import Any

from nfdsl.check.names import unknown
from nfdsl.check.rejected import Rejected
from nfdsl.check.wanted import Wanted
from nfdsl.diagnostics import Diagnostic, Label
from nfdsl.nearest import is_one_edit
from nfdsl.schema.setting import Setting, settings
from nfdsl.schema.units import UNITS
from nfdsl.source import Span
from nfdsl.syntax import ast


def vocabulary_word(schema_class: Any) -> str:
    return schema_class.word


def head(value: ast.Value) -> str:
    """Returns the word a value starts with, if any."""
    match value:
        case ast.Name():
            return value.text
        case ast.Call():
            return value.function.text
        case ast.Phrase():
            return head(value.items[0]) if isinstance(value.items[0], ast.Name) else ""
        case _:
            return ""


def implied(classes: Sequence[type], axis: str) -> type | None:
    """Returns the class whose word may be left out where one of several is wanted: the only one, or that of the
    setting's own name."""
    if len(classes) == 1:
        return classes[0]
    return next((each for each in classes if vocabulary_word(each) == axis.rpartition(".")[2]), None)


def arguments(
    value: ast.Value, classes: Sequence[type], wanted: Wanted
) -> tuple[type, list[tuple[ast.Name | None, ast.Value]]]:
    """Returns the class a value's first word names, and the values that go with it.

    The word of the implied class may be left out: ``sam rho 0.05``.
    """
    words = {vocabulary_word(schema_class): schema_class for schema_class in classes}
    if isinstance(value, ast.Call):
        if value.function.text not in words and [*words] == [wanted.axis]:  # the word may be left out
            names, what = [field.name for field in settings(classes[0])], f"setting of `{wanted.axis}`"
            raise Rejected(unknown("unknown-setting", what, value.function.text, value.function.span, names))
        if value.function.text not in words:
            raise Rejected(
                unknown("unknown-word", f"value of `{wanted.axis}`", value.function.text, value.function.span, words)
            )
        return words[value.function.text], [(argument.name, argument.value) for argument in value.arguments]
    items = list(value.items) if isinstance(value, ast.Phrase) else [value]
    if head(value) in words:
        schema_class = words[head(value)]
        return schema_class, _pairs(items[1:], schema_class)
    if (unsaid := implied(classes, wanted.axis)) is not None:
        return unsaid, _pairs(items, unsaid)
    if isinstance(items[0], ast.Name):
        raise Rejected(unknown("unknown-word", f"value of `{wanted.axis}`", items[0].text, items[0].span, words))
    rejected = wanted.but_is(value, "one of " + ", ".join(f"`{word}(...)`" for word in words))
    calls = [f"`{word}({value.span.text})`" for word, each in words.items() if _takes_path(each)]
    if isinstance(value, ast.String) and calls:
        raise Rejected(replace(rejected.diagnostics[0], help=f"write {' or '.join(calls)}"))
    raise rejected


def _takes_path(schema_class: type) -> bool:
    return any(each.description.path for each in settings(schema_class))


def _pairs(items: Sequence[ast.Value], schema_class: type) -> list[tuple[ast.Name | None, ast.Value]]:
    """Splits a phrase into arguments: a setting's name followed by a value is a named one."""
    names = {field.name for field in settings(schema_class)}
    pairs: list[tuple[ast.Name | None, ast.Value]] = []
    rest = list(items)
    while rest:
        item = rest.pop(0)
        named = isinstance(item, ast.Name) and item.text in names and rest
        pairs.append((item, rest.pop(0)) if named and isinstance(item, ast.Name) else (None, item))
    return pairs


def misspelt(value: ast.Value, schema_class: type) -> list[Diagnostic]:
    """Returns a diagnostic for each word of a phrase that is one edit away from the name of a setting.

    Such a word may be a value, so this is asked only where the phrase makes no sense as it is.
    """
    names = [field.name for field in settings(schema_class)]
    followed = value.items[:-1] if isinstance(value, ast.Phrase) else ()
    return [
        unknown("unknown-setting", f"setting of `{vocabulary_word(schema_class)}`", item.text, item.span, names)
        for item in followed
        if isinstance(item, ast.Name) and item.text not in names and any(is_one_edit(item.text, name) for name in names)
    ]


def bind(
    schema_class: type,
    fields: Sequence[Setting],
    arguments: Sequence[tuple[ast.Name | None, ast.Value]],
    span: Span,
    elsewhere: Container[str],
) -> dict[str, ast.Value]:
    """Returns the arguments by setting name; those without a name fill the settings in order.

    Raises:
      Rejected: one is unknown, is given twice, or is given neither here nor elsewhere but required.
    """
    word = vocabulary_word(schema_class)
    by_name = {field.name for field in fields}
    bound: dict[str, ast.Value] = {}
    problems: list[Diagnostic] = []
    free = iter([field.name for field in fields])
    named_before = is_surplus_told = False
    for position, (name, value) in enumerate(arguments):
        key = name.text if name else next((field for field in free if field not in bound), None)
        named_before = named_before or name is not None
        if key is None or (name is None and named_before):
            if not is_surplus_told:
                problems.append(_surplus(word, value, arguments[position - 1][1] if position else None))
            is_surplus_told = True
        elif name and key not in by_name:
            problems.append(unknown("unknown-setting", f"setting of `{word}`", key, name.span, by_name))
        elif key in bound:
            problems.append(_given_twice(word, key, value, bound[key]))
        else:
            bound[key] = value
    missing = [field for field in fields if field.required and field.name not in bound and field.name not in elsewhere]
    problems.extend(_missing(word, field, span) for field in missing if not problems)
    if problems:
        raise Rejected(*problems)
    return bound


def _surplus(word: str, value: ast.Value, before: ast.Value | None) -> Diagnostic:
    if isinstance(value, ast.Name) and isinstance(before, ast.Number) and before.unit is None:
        return unknown("unknown-unit", "unit", value.text, value.span, UNITS)
    return Diagnostic(
        "surplus-value",
        f"`{word}` takes no further value",
        Label(value.span, "this is one too many"),
        help="name the setting it is meant for, or remove it",
    )


def _given_twice(word: str, key: str, second: ast.Value, first: ast.Value) -> Diagnostic:
    return Diagnostic(
        "defined-twice",
        f"`{key}` of `{word}` is given twice",
        Label(second.span, "given again here"),
        (Label(first.span, "first given here"),),
        help="remove one of them",
    )


def _missing(word: str, field: Setting, span: Span) -> Diagnostic:
    return Diagnostic(
        "missing-setting",
        f"`{word}` needs `{field.name}`",
        Label(span, f"`{field.name}` is not given"),
        help=f"add `{field.name}`: {field.description.doc}",
    )
