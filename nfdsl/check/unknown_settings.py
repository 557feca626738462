"""Settings that a kind of block does not have, and what their authors most likely meant."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from nfdsl.check.arguments import vocabulary_word
from nfdsl.check.names import unknown
from nfdsl.check.references import word_classes
from nfdsl.check.scope import Definition
from nfdsl.check.zips import WORD
from nfdsl.diagnostics import Diagnostic, Fix
from nfdsl.nearest import is_one_edit
from nfdsl.schema.blocks import KINDS
from nfdsl.schema.setting import Setting, settings
from nfdsl.schema.units import UNITS
from nfdsl.source import Span
from nfdsl.syntax import ast


@dataclass(frozen=True)
class UnknownSetting:
    """What to say of a setting that there is not, and the setting that was meant by it, if that is known."""

    diagnostic: Diagnostic
    meant: str = ""


def unknown_settings(definition: Definition, known: Sequence[Setting]) -> Iterator[UnknownSetting]:
    """Yields the settings of a block that its kind does not have."""
    names = {setting.name for setting in known}
    for name, written in definition.settings.items():
        root = name.partition(".")[0]
        if root not in names and name != WORD:
            span = written[0].name.span
            place = Span(span.source, span.start, span.start + len(root))
            found = unknown("unknown-setting", f"setting of `{definition.kind}`", root, place, names)
            yield _advised(found, root, written[0], known)


def _advised(found: Diagnostic, root: str, written: ast.Setting, known: Sequence[Setting]) -> UnknownSetting:
    called = _called(root, written.value)
    if advice := _elsewhere(root, known) or _elsewhere(called, known):
        return UnknownSetting(replace(found, help=advice, fix=None))
    if (unit := _unit_in_front(found, written, known)) is not None:
        return unit
    meant = "" if found.fix is None else found.fix.replacement
    kinds = [] if meant and is_one_edit(root, meant) else _kinds_with(root)
    if kinds:
        advice = f"`{root}` is a setting of {' and '.join(kinds)} blocks: write it in one of those"
        return UnknownSetting(replace(found, help=advice, fix=None))
    if meant:
        return UnknownSetting(found, meant)
    same = _of_meaning(root, known) or _of_meaning(called, known)
    if same is None:
        return UnknownSetting(found)
    return UnknownSetting(replace(found, help=f"did you mean `{same.name}`, the {same.description.doc}?"), same.name)


def _called(root: str, value: ast.Value | ast.Unreadable) -> str:
    """Returns a name that is written as two words in one: ``weight_decay`` of ``weight decay 1e-4``."""
    first = value.items[0] if isinstance(value, ast.Phrase) else value
    return f"{root}_{first.text}" if isinstance(first, ast.Name) else root


def _elsewhere(name: str, known: Sequence[Setting]) -> str:
    """Returns where what is no setting has its place: as a word, or as an argument of one."""
    for setting in known:
        for schema_class in word_classes(setting.annotation):
            if name == vocabulary_word(schema_class):
                return f"`{name}` is a value of `{setting.name}`: write `{setting.name} {name}(...)`"
            if any(name == part.name for part in settings(schema_class)):
                word = vocabulary_word(schema_class)
                call = f"`{setting.name} {word}({name}: ...)`" if word != setting.name else f"`{word} {name} ...`"
                return f"`{name}` is an argument of `{setting.name}`: write {call} or `{setting.name}.{name} ...`"
    return ""


def _kinds_with(name: str) -> list[str]:
    """Returns the kinds of block that have a setting: ``hardware`` for ``precision``."""
    return [
        kind for kind, classes in KINDS.items() if any(name == each.name for of in classes for each in settings(of))
    ]


def _unit_in_front(found: Diagnostic, written: ast.Setting, known: Sequence[Setting]) -> UnknownSetting | None:
    """Returns what to say of ``epochs 10``, where a block has settings in that unit."""
    unit, value = written.name.text, written.value
    names = [each.name for each in known if unit in UNITS and UNITS[unit].dimension in each.description.units]
    if not names:
        return None
    is_bare = isinstance(value, ast.Number) and value.unit is None
    lines = [f"{name} {value.span.text if is_bare else '...'} {unit}" for name in names]
    advice = f"`{unit}` is a unit: write {' or '.join(f'`{line}`' for line in lines)}"
    if len(names) > 1:
        return UnknownSetting(replace(found, help=advice, fix=None))
    return UnknownSetting(replace(found, help=advice, fix=Fix(written.span, lines[0]) if is_bare else None), names[0])


def _of_meaning(name: str, known: Sequence[Setting]) -> Setting | None:
    """Returns the setting that means what a name says: ``lr``, the peak learning rate, for ``learning_rate``."""
    return next((setting for setting in known if setting.description.doc.endswith(name.replace("_", " "))), None)
