"""From a word to where it is defined, to everywhere it is used, and to another name for it.

Every answer is made of spans, and a span knows its own source: that may be another file than the one
the question was about.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

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


def references(document: Document, offset: int, others: Sequence[Document], *, with_definition: bool) -> list[Span]:
    """Returns every place that names the block or value named at an offset: in this file, its imports, and those of
    the `others` that know it by importing it."""
    name = _name_at(document, offset)
    if name is None:
        return []
    uses = _named([document, *_knowing(document, name, others)], name)
    return [use.span for use in uses if with_definition or not use.defines]


def renameable(document: Document, offset: int) -> Span | None:
    """Returns the name at an offset if it is one that its author chose."""
    name = _name_at(document, offset)
    found = document.at(offset)
    return found[1] if found is not None and name is not None and document.defined(name) else None


def rename(document: Document, offset: int, new_name: str, others: Sequence[Document]) -> list[Fix]:
    """Returns what to change so that the block or value named at an offset is called `new_name` wherever it is named,
    also in those of the `others` that import it.

    Raises:
      NotAName: nothing can have that name, or something else has it.
    """
    name = _name_at(document, offset)
    if name is None or renameable(document, offset) is None:
        return []
    if not _NAME.fullmatch(new_name) or new_name in _KEYWORDS:
        raise NotAName(f"`{new_name}` is no name: a name is letters, digits and underscores, and begins with a letter")
    knowing = [document, *_knowing(document, name, others)]
    for each in knowing:
        if new_name != name and each.defined(new_name):
            known = "" if each is document else f", which {each.source.name} knows"
            raise NotAName(f"there is a `{new_name}` already{known}")
    return [Fix(use.span, new_name) for use in _named(knowing, name)]


def _name_at(document: Document, offset: int) -> str | None:
    found = document.at(offset)
    return found[0].name if found is not None and isinstance(found[0], NameUse) else None


def _knowing(document: Document, name: str, others: Sequence[Document]) -> Sequence[Document]:
    """Returns the documents that know a name from the file in which this one finds it."""
    place = document.defined(name)
    home = None if place is None else Path(place.source.name).resolve()
    return [other for other in others if home is not None and home in other.files]


def _named(documents: Iterable[Document], name: str) -> Sequence[NameUse]:
    """Returns the places with a name, each once, though several documents may read the same file."""
    found: dict[tuple[Path, int], NameUse] = {}
    for document in documents:
        for use in document.all_uses:
            if isinstance(use, NameUse) and use.name == name:
                found.setdefault((Path(use.span.source.name).resolve(), use.span.start), use)
    return list(found.values())
