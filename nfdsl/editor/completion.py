"""What an editor offers to write at a place."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal, assert_never

from nfdsl.check.arguments import vocabulary_word
from nfdsl.editor.context import Header, ImportPath, Outside, SettingName, Slot, Zipped, context
from nfdsl.editor.document import Document
from nfdsl.editor.hover import kind_text, setting_text, word_text
from nfdsl.editor.snippets import Snippet, argument_snippet, block_snippet, setting_snippet, word_snippet
from nfdsl.editor.vocabulary import block_kinds, block_settings, choices, described, item, setting_at, structures, units
from nfdsl.schema.blocks import KINDS
from nfdsl.schema.setting import Setting
from nfdsl.schema.units import MEASURED, UNITS
from nfdsl.source import Span

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*\+?$")

_MOST_FILES = 1000

Role = Literal["keyword", "block", "setting", "word", "choice", "unit", "value", "file"]


@dataclass(frozen=True)
class Completion:
    """One thing that may be written; those offered first are most likely meant."""

    label: str
    role: Role
    detail: str
    markdown: str
    insert: Snippet


@dataclass(frozen=True)
class Completions:
    """What may be written instead of a span, which holds what is typed of it."""

    span: Span
    items: tuple[Completion, ...]


def completions(document: Document, offset: int) -> Completions:
    """Returns what may be written at an offset, best first."""
    typed = _WORD.search(document.source.text[:offset])
    start = typed.start() if typed else offset
    found = context(document.source.text[:start], document.families)
    root, dot, _ = document.source.text[start:offset].rpartition(".")
    items: Iterable[Completion]
    match found:
        case None:
            items = ()
        case Outside():
            items = _blocks()
        case Header():
            items = _header(document, found)
        case SettingName():
            items = _arguments(document, found, root) if dot else _settings(document, found)
        case Slot():
            items = _settings_of(document, root) if dot and root in document.definitions else _values(document, found)
        case Zipped():
            items = _zipped(document, found)
        case ImportPath():
            start = offset - len(document.source.text[:offset].rpartition('"')[2])
            items = _files(document)
        case _:
            assert_never(found)
    return Completions(Span(document.source, start, offset), tuple({one.label: one for one in items}.values()))


def _blocks() -> Iterator[Completion]:
    for kind in KINDS:
        yield Completion(kind, "keyword", "block", kind_text(kind), block_snippet(kind))
    yield Completion("let", "keyword", "a name for a value", "", Snippet("let \x01name\x02 \x01\x02"))
    yield Completion("import", "keyword", "another file's blocks and values", "", Snippet('import "\x01\x02"'))


def _header(document: Document, header: Header) -> Iterator[Completion]:
    kind, *rest = header.words
    if kind not in KINDS:
        return
    if len(rest) == 1:
        yield Completion("from", "keyword", f"start as a copy of another {kind}", "", Snippet("from \x01\x02 {\n}"))
    elif len(rest) == 2 and rest[1] == "from":
        yield from _names(document, [kind], without=rest[0])


def _settings(document: Document, place: SettingName) -> Iterator[Completion]:
    block = next((known for known in document.parsed.file.blocks if known.name.text == place.block), None)
    written = {line.name.text for line in block.settings} if block else set[str]()
    definition = document.definitions.get(place.block)
    inherited = set(definition.settings) if definition else set[str]()
    known = _known(document, place.kind, place.block)
    for setting in sorted(known, key=lambda setting: not setting.required or setting.name in inherited):
        if setting.name not in written or item(setting.annotation) is not setting.annotation:
            detail = "inherited" if setting.name in inherited - written else _detail(setting)
            yield Completion(setting.name, "setting", detail, _doc(setting), setting_snippet(setting))


def _known(document: Document, kind: str, block: str) -> tuple[Setting, ...]:
    """Returns the settings that a block may have."""
    return block_settings(kind, document.families.get(block, ""))


def _arguments(document: Document, place: SettingName, root: str) -> Iterator[Completion]:
    """Yields the arguments of a setting's word, as dotted names that override one of them."""
    setting = setting_at(_known(document, place.kind, place.block), root)
    for schema_class in structures(item(setting.annotation)) if setting else []:
        for part in described(schema_class):
            yield Completion(f"{root}.{part.name}", "setting", "one argument", _doc(part), setting_snippet(part, root))


def _settings_of(document: Document, block: str) -> Iterator[Completion]:
    """Yields the settings of another block, whose values can be referred to."""
    for setting in _known(document, document.definitions[block].kind, block):
        yield Completion(f"{block}.{setting.name}", "value", block, _doc(setting), Snippet(f"{block}.{setting.name}"))


def _zipped(document: Document, place: Zipped) -> Iterator[Completion]:
    """Yields the settings that are in force in a block, which alone can have grids."""
    definition = document.definitions.get(place.block)
    for setting in _known(document, place.kind, place.block):
        if definition is not None and setting.name in definition.settings:
            yield Completion(setting.name, "setting", "in this block", _doc(setting), Snippet(setting.name))


def _files(document: Document) -> Iterator[Completion]:
    """Yields the specs in the document's folder or below it, but for the document itself."""
    folder, own = Path(document.source.name).parent, Path(document.source.name).resolve()
    for path in sorted(islice(folder.rglob("*.nfx"), _MOST_FILES)):
        if path.resolve() != own:
            name = path.relative_to(folder).as_posix()
            yield Completion(name, "file", "spec", "", Snippet(name))


def _values(document: Document, slot: Slot) -> Iterator[Completion]:
    if slot.needs_step:
        yield Completion("by x2", "keyword", "each value twice the one before", "", Snippet("by x\x012\x02"))
        yield Completion("by +1", "keyword", "each value one more than the one before", "", Snippet("by +\x011\x02"))
    if slot.unit is not None:
        for unit in units(slot.unit):
            yield Completion(unit, "unit", "unit", MEASURED[UNITS[unit].dimension], Snippet(unit))
    for wanted in slot.wanted:
        yield from _words(document, wanted, slot.block)
    if slot.wanted:
        for name, let in document.lets.items():
            yield Completion(name, "value", let.value.span.text, "", Snippet(name))
    for setting in slot.names:
        insert = argument_snippet(setting, colon=slot.colon)
        yield Completion(setting.name, "setting", _detail(setting), _doc(setting), insert)


def _words(document: Document, wanted: Setting, block: str) -> Iterator[Completion]:
    """Yields the words a value of a setting may be or begin with."""
    yield from _names(document, block_kinds(wanted.annotation, wanted.description), without=block)
    for schema_class in structures(item(wanted.annotation)):
        insert = word_snippet(schema_class, wanted)
        yield Completion(vocabulary_word(schema_class), "word", wanted.name, word_text(schema_class), insert)
    for choice in choices(item(wanted.annotation)):
        yield Completion(choice, "choice", wanted.name, _doc(wanted), Snippet(choice))


def _names(document: Document, kinds: list[str], *, without: str) -> Iterator[Completion]:
    for name, definition in document.definitions.items():
        if definition.kind in kinds and name != without:
            yield Completion(name, "block", definition.kind, "", Snippet(name))


def _detail(setting: Setting) -> str:
    return "required" if setting.required else "optional"


def _doc(setting: Setting) -> str:
    return setting_text(setting, setting.name)
