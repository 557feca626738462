"""Text to insert, with blanks to fill in: what each setting, word and block looks like when written."""

import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass
from itertools import count
from types import NoneType
from typing import get_args, get_origin

from nfdsl.check.arguments import vocabulary_word
from nfdsl.editor.vocabulary import (
    block_kinds,
    block_settings,
    choices,
    described,
    has_plain_form,
    item,
    members,
    structures,
)
from nfdsl.schema.blocks import KINDS
from nfdsl.schema.setting import Setting
from nfdsl.show.written import Writer, unit

_BLOCK_WORDS = {vocabulary_word(schema_class) for classes in KINDS.values() for schema_class in classes}
_OPEN, _CLOSE = "\x01", "\x02"  # around a blank: no spec can hold these
_BLANK = re.compile(f"{_OPEN}([^{_CLOSE}]*){_CLOSE}")
_SPECIAL = re.compile(r"[\\$]|}(?=[^\x01]*\x02)")


@dataclass(frozen=True)
class Snippet:
    """A text with blanks."""

    marked: str

    @property
    def plain(self) -> str:
        """The text with the blanks as they stand, for an editor that knows no snippets."""
        return _BLANK.sub(r"\1", self.marked)

    @property
    def tabbed(self) -> str:
        """The text in the snippet syntax of the Language Server Protocol, its blanks numbered."""
        numbers = count(1)
        escaped = _SPECIAL.sub(r"\\\g<0>", self.marked)
        return _BLANK.sub(lambda blank: f"${{{next(numbers)}:{blank[1]}}}", escaped)


def block_snippet(kind: str) -> Snippet:
    """Returns a block of a kind with every setting it needs."""
    needed = [setting for setting in block_settings(kind) if setting.required]
    lines = [f"  {setting_snippet(setting).marked}" for setting in needed] or [f"  {_blank('')}"]
    return Snippet("\n".join([f"{kind} {_blank('name')} {{", *lines, "}"]))


def setting_snippet(setting: Setting, of: str = "") -> Snippet:
    """Returns a setting, or an argument `of` another, at its default, or with a blank where it has none."""
    return Snippet(f"{of}{'.' if of else ''}{setting.name} {_value(setting)}")


def argument_snippet(setting: Setting, *, colon: bool) -> Snippet:
    """Returns an argument as it is written in parentheses, with a colon, or in a phrase."""
    return Snippet(f"{setting.name}{':' if colon else ''} {_value(setting)}")


def word_snippet(schema_class: type, setting: Setting) -> Snippet:
    """Returns a word of the vocabulary with its settings, for a setting that may be it."""
    return Snippet(_word(schema_class, setting))


def _word(schema_class: type, setting: Setting) -> str:
    texts = {field.name: _value(field) for field in described(schema_class)}
    return _word_form(schema_class, texts, setting.name)


def _word_form(schema_class: type, texts: Mapping[str, str], setting_name: str) -> str:
    """Returns a word with the texts of its settings.

    A word that its setting is called after is left out, and what follows reads as a phrase:
    ``resolution train 224px, eval 256px``. So does a word that holds a grid: ``tune 0.1 .. 0.4 by x2``.
    """
    word, fields = vocabulary_word(schema_class), [field for field in described(schema_class) if field.name in texts]
    if word != setting_name and not any(field.description.collects for field in fields):
        inside = ", ".join(f"{field.name}: {texts[field.name]}" for field in fields)
        return f"{word}({inside})" if inside else word
    leading = bool(fields) and word not in _BLOCK_WORDS and _leads(fields[0])
    parts = [texts[fields[0].name]] if leading else []
    parts += [f"{field.name} {texts[field.name]}" for field in fields[leading:]]
    return ("" if word == setting_name else f"{word} ") + (" " if leading else ", ").join(parts)


def _leads(field: Setting) -> bool:
    """Whether the first of a phrase's values reads better without its name."""
    return field.description.collects or bool(field.description.names) or bool(get_args(field.annotation))


def _value(setting: Setting) -> str:
    classes = structures(item(setting.annotation))
    default = next((known for known in classes if isinstance(setting.default, known)), None)
    if default is not None:
        return _word(default, setting)
    if setting.default not in (MISSING, None, ()) and not block_kinds(setting.annotation, setting.description):
        return _blank(Writer().written(setting.default, setting))
    if classes and not has_plain_form(item(setting.annotation)):
        return _word(classes[0], setting)
    return _unset(setting)


def _unset(setting: Setting) -> str:
    """Returns a blank of the form of a value."""
    kinds = block_kinds(setting.annotation, setting.description)
    words = choices(setting.annotation)
    if kinds or words:
        return _blank((kinds or words)[0])
    if setting.description.collects:
        return f"{_blank('')} .. {_blank('')} by x{_blank('2')}"
    first = next(member for member in members(setting.annotation) if member is not NoneType)
    if first is str:
        return f'"{_blank("")}"'
    number = f"{_blank('')}{unit(setting.description.units[0])}"
    return f"[{number}]" if get_origin(first) is tuple else number


def _blank(text: str) -> str:
    return f"{_OPEN}{text}{_CLOSE}"
