"""Our answers in the terms of the Language Server Protocol, and its questions in ours."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import assert_never

from lsprotocol import types

from nfdsl.diagnostics import Diagnostic, Fix
from nfdsl.editor.completion import Completion, Completions, Role
from nfdsl.editor.document import Document
from nfdsl.editor.fixes import QuickFix
from nfdsl.editor.hover import Hover
from nfdsl.editor.outline import Entry
from nfdsl.editor.positions import Encoding, Place, Positions
from nfdsl.source import Span


@dataclass(frozen=True, eq=False)
class Wire:
    """One version of an open document, as the client knows it: by its URI, in lines and units of an encoding."""

    uri: str
    document: Document
    encoding: Encoding

    @cached_property
    def _positions(self) -> Positions:
        return Positions(self.document.source.text, self.encoding)

    def offset(self, position: types.Position) -> int:
        return self._positions.offset(Place(position.line, position.character))

    def uri_of(self, span: Span) -> str:
        """Returns the URI of the file a span lies in: this document, or one that it imports."""
        return self.uri if span.source is self.document.source else Path(span.source.name).resolve().as_uri()

    def range(self, span: Span) -> types.Range:
        own = span.source is self.document.source
        positions = self._positions if own else Positions(span.source.text, self.encoding)
        start, end = positions.place(span.start), positions.place(span.end)
        return types.Range(types.Position(start.line, start.character), types.Position(end.line, end.character))

    def location(self, span: Span) -> types.Location:
        return types.Location(self.uri_of(span), self.range(span))

    def diagnostic(self, found: Diagnostic) -> types.Diagnostic:
        return types.Diagnostic(
            range=self.range(found.primary.span),
            message=f"{found.headline}\n{found.help}".rstrip(),
            severity=types.DiagnosticSeverity.Error,
            code=found.code,
            source="nfdsl",
            related_information=[
                types.DiagnosticRelatedInformation(self.location(label.span), label.text) for label in found.secondary
            ],
        )

    def hover(self, found: Hover) -> types.Hover:
        return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, found.markdown), self.range(found.span))

    def completions(self, found: Completions, *, snippets: bool) -> types.CompletionList:
        span = self.range(found.span)
        items = [self._item(one, rank, span, snippets=snippets) for rank, one in enumerate(found.items)]
        return types.CompletionList(is_incomplete=False, items=items)

    def _item(self, one: Completion, rank: int, span: types.Range, *, snippets: bool) -> types.CompletionItem:
        text = one.insert.tabbed if snippets else one.insert.plain
        return types.CompletionItem(
            label=one.label,
            kind=_item_kind(one.role),
            detail=one.detail,
            documentation=types.MarkupContent(types.MarkupKind.Markdown, one.markdown) if one.markdown else None,
            sort_text=f"{rank:03}",
            text_edit=types.TextEdit(span, text),
            insert_text_format=types.InsertTextFormat.Snippet if snippets else types.InsertTextFormat.PlainText,
        )

    def edit(self, fixes: Iterable[Fix]) -> types.WorkspaceEdit:
        """Returns changes, each in the file that its span lies in."""
        changes: dict[str, list[types.TextEdit]] = {}
        for fix in fixes:
            changes.setdefault(self.uri_of(fix.span), []).append(types.TextEdit(self.range(fix.span), fix.replacement))
        return types.WorkspaceEdit(changes=changes)

    def action(self, found: QuickFix) -> types.CodeAction:
        return types.CodeAction(
            title=found.title,
            kind=types.CodeActionKind.QuickFix,
            diagnostics=[self.diagnostic(found.diagnostic)],
            edit=self.edit([found.fix]),
            is_preferred=True,
        )

    def formatting(self, found: Sequence[Fix]) -> list[types.TextEdit]:
        return [types.TextEdit(self.range(fix.span), fix.replacement) for fix in found]

    def symbol(self, entry: Entry) -> types.DocumentSymbol:
        return types.DocumentSymbol(
            name=entry.name,
            kind=types.SymbolKind.Module if entry.is_block else types.SymbolKind.Property,
            detail=entry.detail,
            range=self.range(entry.span),
            selection_range=self.range(entry.name_span),
            children=[self.symbol(child) for child in entry.children],
        )


def _item_kind(role: Role) -> types.CompletionItemKind:
    match role:
        case "keyword":
            return types.CompletionItemKind.Keyword
        case "block":
            return types.CompletionItemKind.Module
        case "setting":
            return types.CompletionItemKind.Property
        case "word":
            return types.CompletionItemKind.Function
        case "choice":
            return types.CompletionItemKind.EnumMember
        case "unit":
            return types.CompletionItemKind.Unit
        case "value":
            return types.CompletionItemKind.Constant
        case "file":
            return types.CompletionItemKind.File
        case _:
            assert_never(role)
