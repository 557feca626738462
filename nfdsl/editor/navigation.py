"""From a word to where it is defined, to everywhere it is used, and to another name for it.

Every answer is made of spans, and a span knows its own source: that may be another file than the one
the question was about.
"""

import re
from collections.abc import Sequence

from nfdsl.diagnostics import Fix
from nfdsl.editor.document import Document
from nfdsl.editor.uses import NameUse, SettingUse
from nfdsl.source import Span

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\+?")
_KEYWORDS = frozenset({"from", "import", "let"})


class NotAName(Exception):
    """A new name that no block or value can have; the message says why."""


def definition(document: Document, offset: int) -> Span | None:
    """Returns the name of the block or value a word refers to, the inherited setting that one overrides, or the
    beginning of the file that a line imports."""
    imported = document.imported_at(offset)
    if imported is not None:
        return Span(imported, 0, 0)
    found = document.at(offset)
    match found:
        case (NameUse() as use, _):
            return document.defined(use.name)
        case (SettingUse() as use, span) if use.name is not None and span == use.name.span and not use.nested:
            overridden = document.overridden(use.block, use.setting.name)
            return overridden.name.span if overridden else None
        case _:
            return None


def references(document: Document, offset: int, *, with_definition: bool) -> list[Span]:
    """Returns every place that names the block or value named at an offset, in this file and its imports."""
    name = _name_at(document, offset)
    return [] if name is None else [use.span for use in _named(document, name) if with_definition or not use.defines]


def renameable(document: Document, offset: int) -> Span | None:
    """Returns the name at an offset if it is one that its author chose."""
    name = _name_at(document, offset)
    found = document.at(offset)
    return found[1] if found is not None and name is not None and document.defined(name) else None


def rename(document: Document, offset: int, new_name: str) -> list[Fix]:
    """Returns what to change so that the block or value named at an offset is called `new_name` wherever it is named.

    Raises:
      NotAName: nothing can have that name, or something else has it.
    """
    name = _name_at(document, offset)
    if name is None or renameable(document, offset) is None:
        return []
    if not _NAME.fullmatch(new_name) or new_name in _KEYWORDS:
        raise NotAName(f"`{new_name}` is no name: a name is letters, digits and underscores, and begins with a letter")
    if new_name != name and document.defined(new_name):
        raise NotAName(f"there is a `{new_name}` already")
    return [Fix(use.span, new_name) for use in _named(document, name)]


def _name_at(document: Document, offset: int) -> str | None:
    found = document.at(offset)
    return found[0].name if found is not None and isinstance(found[0], NameUse) else None


def _named(document: Document, name: str) -> Sequence[NameUse]:
    return [use for use in document.all_uses if isinstance(use, NameUse) and use.name == name]
