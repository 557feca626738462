"""From a word to where it is defined, to everywhere it is used, and to another name for it.

Every answer is made of spans, and a span knows its own source: that may be another file than the one
the question was about.
"""

import re
from collections.abc import Sequence

from nfdsl.diagnostics import Fix
from nfdsl.editor.document import Document
from nfdsl.editor.uses import BlockUse, SettingUse
from nfdsl.source import Span

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*\+?")
_KEYWORDS = frozenset({"from", "import", "let"})


class NotAName(Exception):
    """A new name that no block can have; the message says why."""


def definition(document: Document, offset: int) -> Span | None:
    """Returns the name of the block a word refers to, or the inherited setting that one overrides."""
    found = document.at(offset)
    match found:
        case (BlockUse() as use, _):
            known = document.definitions.get(use.name)
            return known.block.name.span if known else None
        case (SettingUse() as use, span) if use.name is not None and span == use.name.span and not use.nested:
            overridden = document.overridden(use.block, use.setting.name)
            return overridden.name.span if overridden else None
        case _:
            return None


def references(document: Document, offset: int, *, with_definition: bool) -> list[Span]:
    """Returns every place where the block is named that is named at an offset, in this file and those it needs."""
    name = _block_name(document, offset)
    return [] if name is None else [use.span for use in _named(document, name) if with_definition or not use.defines]


def renameable(document: Document, offset: int) -> Span | None:
    """Returns the name at an offset if it is one that its author chose."""
    name = _block_name(document, offset)
    found = document.at(offset)
    return found[1] if found is not None and name in document.definitions else None


def rename(document: Document, offset: int, new_name: str) -> list[Fix]:
    """Returns what to change so that the block named at an offset is called `new_name` wherever it is named.

    Raises:
      NotAName: no block can have that name, or another one has it.
    """
    name = _block_name(document, offset)
    if name is None or renameable(document, offset) is None:
        return []
    if not _NAME.fullmatch(new_name) or new_name in _KEYWORDS:
        raise NotAName(f"`{new_name}` is no name: a name is letters, digits and underscores, and begins with a letter")
    if new_name != name and new_name in document.definitions:
        raise NotAName(f"there is a block `{new_name}` already")
    return [Fix(use.span, new_name) for use in _named(document, name)]


def _block_name(document: Document, offset: int) -> str | None:
    found = document.at(offset)
    return found[0].name if found is not None and isinstance(found[0], BlockUse) else None


def _named(document: Document, name: str) -> Sequence[BlockUse]:
    return [use for use in document.all_uses if isinstance(use, BlockUse) and use.name == name]
