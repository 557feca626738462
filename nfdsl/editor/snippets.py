"""Text to insert, with blanks to fill in: what each setting, word and block looks like when written."""

import re
from dataclasses import MISSING, dataclass
from itertools import count
from types import NoneType
from typing import get_origin

from nfdsl.editor.spelling import spelled, with_unit, word_form
from nfdsl.editor.vocabulary import (
    block_kinds,
    block_settings,
    choices,
    described,
    has_plain_form,
    item,
    members,
    structures,
    units,
)
from nfdsl.schema.setting import Setting

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
    return word_form(schema_class, texts, setting.name)


def _value(setting: Setting) -> str:
    classes = structures(item(setting.annotation))
    default = next((known for known in classes if isinstance(setting.default, known)), None)
    if default is not None:
        return _word(default, setting)
    if setting.default not in (MISSING, None, ()) and not block_kinds(setting.annotation, setting.description):
        return _blank(spelled(setting.default, setting))
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
    number = with_unit(_blank(""), next(iter(units(setting)), "").replace("%", ""))
    return f"[{number}]" if get_origin(first) is tuple else number


def _blank(text: str) -> str:
    return f"{_OPEN}{text}{_CLOSE}"
