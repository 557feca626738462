"""The blocks of a file and their settings, for an editor's outline."""

from collections.abc import Sequence
from dataclasses import dataclass

from nfdsl.editor.document import Document
from nfdsl.source import Span
from nfdsl.syntax import ast


@dataclass(frozen=True)
class Entry:
    """One line of an outline, with the lines below it."""

    name: str
    detail: str
    span: Span
    name_span: Span
    is_block: bool
    children: Sequence["Entry"]


def outline(document: Document) -> list[Entry]:
    """Returns an entry for each block and each named value, in the file's order."""
    file = document.parsed.file
    entries = [*(_let(let) for let in file.lets), *(_block(block) for block in file.blocks)]
    return sorted(entries, key=lambda entry: entry.span.start)


def _let(let: ast.Let) -> Entry:
    detail = "let" if isinstance(let.value, ast.Unreadable) else " ".join(let.value.span.text.split())
    return Entry(let.name.text, detail, let.span, let.name.span, is_block=False, children=[])


def _block(block: ast.Block) -> Entry:
    detail = f"{block.kind.text} from {block.parent.text}" if block.parent else block.kind.text
    settings = [_setting(line) for line in block.settings]
    return Entry(block.name.text, detail, block.span, block.name.span, is_block=True, children=settings)


def _setting(line: ast.Setting) -> Entry:
    detail = "" if isinstance(line.value, ast.Unreadable) else " ".join(line.value.span.text.split())
    return Entry(line.name.text, detail, line.span, line.name.span, is_block=False, children=[])
