"""The language server: what an editor asks over the Language Server Protocol, answered.

Nothing is decided here. A question becomes a document and an offset, the module of its feature
answers, and `Wire` puts the answer into the protocol's terms.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from pathlib import Path

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path
from pygls.workspace import TextDocument

from nfdsl.editor.completion import completions
from nfdsl.editor.document import Document
from nfdsl.editor.fixes import quick_fixes
from nfdsl.editor.formatting import formatting
from nfdsl.editor.hover import hover
from nfdsl.editor.navigation import NotAName, definition, references, rename, renameable
from nfdsl.editor.outline import outline
from nfdsl.editor.wire import Wire
from nfdsl.source import Source, Unreadable, read

_MOST_FILES = 1000  # of a workspace that are looked at for uses of a name
_PAUSE = 0.1  # seconds without typing before a text is checked: planning a large study takes longer than a key


def _version() -> str:
    try:
        return version("nfdsl")
    except PackageNotFoundError:  # run from a checkout
        return "unknown"


class Server(LanguageServer):
    """The open documents, each worked out once a version, and the files that diagnostics were last sent for."""

    def __init__(self) -> None:
        # Whole texts, not changes: pygls counts lines at characters where editors do not, such as U+2028.
        super().__init__(  # pyright: ignore[reportUnknownMemberType]
            "nfdsl", _version(), text_document_sync_kind=types.TextDocumentSyncKind.Full
        )
        self._wires: dict[str, tuple[Mapping[str, int | None], Wire]] = {}
        self._sent: dict[str, set[str]] = {}

    def wire(self, uri: str) -> Wire:
        """Returns the current version of a document."""
        versions = {text.uri: text.version for text in self._open()}
        known = self._wires.get(uri)
        if known is None or known[0] != versions:
            kind = types.PositionEncodingKind(self.workspace.position_encoding or types.PositionEncodingKind.Utf16)
            source = Source(_path(uri), _without_mark(self.workspace.get_text_document(uri).source))
            known = (versions, Wire(uri, Document(source, self._unsaved(uri)), kind.value))
            self._wires[uri] = known
        return known[1]

    def _unsaved(self, but: str) -> Mapping[Path, str]:
        """Returns the texts of the other open documents, by their real paths."""
        others = (text for text in self._open() if text.uri != but)
        return {Path(_path(text.uri)).resolve(): _without_mark(text.source) for text in others}

    def _open(self) -> list[TextDocument]:
        return list(self.workspace.text_documents.values())

    def others(self, uri: str) -> list[Document]:
        """Returns the other specs of the workspace, or where there is none, of the document's folder."""
        folders = [Path(_path(folder)) for folder in self.workspace.folders] or [Path(_path(uri)).parent]
        own, unsaved = Path(_path(uri)).resolve(), self._unsaved("")
        paths = {path.resolve() for folder in folders for path in islice(folder.rglob("*.nfx"), _MOST_FILES)}
        found: list[Document] = []
        for path in sorted({*paths, *unsaved} - {own}):
            with suppress(Unreadable):
                source = Source(str(path), unsaved[path]) if path in unsaved else read(str(path))
                found.append(Document(source, unsaved))
        return found

    def publish(self, uri: str) -> None:
        """Sends what is wrong with a document, under the file each thing is wrong in."""
        wire = self.wire(uri)
        found: dict[str, list[types.Diagnostic]] = {uri: []}
        for diagnostic in wire.document.diagnostics:
            found.setdefault(wire.uri_of(diagnostic.primary.span), []).append(wire.diagnostic(diagnostic))
        for file in self._sent.get(uri, set()) - found.keys():
            self._send(file, [])
        for file, diagnostics in found.items():
            self._send(file, diagnostics)
        self._sent[uri] = set(found)

    def publish_importers(self, uri: str) -> None:
        """Sends anew what is wrong with the open documents that import another one."""
        path = Path(_path(uri)).resolve()
        for other in self._open():
            if other.uri != uri and path in self.wire(other.uri).document.files:
                self.publish(other.uri)

    def forget(self, uri: str) -> None:
        """Takes back what was sent about a document that is closed."""
        for file in self._sent.pop(uri, set()):
            self._send(file, [])
        self._wires.pop(uri, None)

    def is_current(self, document: types.VersionedTextDocumentIdentifier) -> bool:
        return self.workspace.get_text_document(document.uri).version == document.version

    def _send(self, uri: str, diagnostics: list[types.Diagnostic]) -> None:
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, diagnostics))


SERVER = Server()


@SERVER.feature(types.TEXT_DOCUMENT_DID_OPEN)
def did_open(ls: Server, params: types.DidOpenTextDocumentParams) -> None:
    ls.publish(params.text_document.uri)


@SERVER.feature(types.TEXT_DOCUMENT_DID_CHANGE)
async def did_change(ls: Server, params: types.DidChangeTextDocumentParams) -> None:
    await asyncio.sleep(_PAUSE)
    if ls.is_current(params.text_document):
        ls.publish(params.text_document.uri)
        ls.publish_importers(params.text_document.uri)


@SERVER.feature(types.TEXT_DOCUMENT_DID_CLOSE)
def did_close(ls: Server, params: types.DidCloseTextDocumentParams) -> None:
    ls.forget(params.text_document.uri)


@SERVER.feature(types.TEXT_DOCUMENT_HOVER)
def on_hover(ls: Server, params: types.HoverParams) -> types.Hover | None:
    wire = ls.wire(params.text_document.uri)
    found = hover(wire.document, wire.offset(params.position))
    return wire.hover(found) if found else None


@SERVER.feature(types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=[*' (:{."']))
def on_completion(ls: Server, params: types.CompletionParams) -> types.CompletionList:
    wire = ls.wire(params.text_document.uri)
    found = completions(wire.document, wire.offset(params.position))
    return wire.completions(found, snippets=_knows_snippets(ls.client_capabilities))


@SERVER.feature(types.TEXT_DOCUMENT_DEFINITION)
def on_definition(ls: Server, params: types.DefinitionParams) -> types.Location | None:
    wire = ls.wire(params.text_document.uri)
    found = definition(wire.document, wire.offset(params.position))
    return wire.location(found) if found else None


@SERVER.feature(types.TEXT_DOCUMENT_REFERENCES)
def on_references(ls: Server, params: types.ReferenceParams) -> list[types.Location]:
    wire = ls.wire(params.text_document.uri)
    with_definition = params.context.include_declaration
    others = ls.others(params.text_document.uri)
    found = references(wire.document, wire.offset(params.position), others, with_definition=with_definition)
    return [wire.location(span) for span in found]


@SERVER.feature(types.TEXT_DOCUMENT_PREPARE_RENAME)
def on_prepare_rename(ls: Server, params: types.PrepareRenameParams) -> types.Range | None:
    wire = ls.wire(params.text_document.uri)
    found = renameable(wire.document, wire.offset(params.position))
    return wire.range(found) if found else None


@SERVER.feature(types.TEXT_DOCUMENT_RENAME)
def on_rename(ls: Server, params: types.RenameParams) -> types.WorkspaceEdit:
    wire = ls.wire(params.text_document.uri)
    try:
        others = ls.others(params.text_document.uri)
        return wire.edit(rename(wire.document, wire.offset(params.position), params.new_name, others))
    except NotAName as problem:
        raise JsonRpcInvalidParams(str(problem)) from None


@SERVER.feature(types.TEXT_DOCUMENT_FORMATTING)
def on_formatting(ls: Server, params: types.DocumentFormattingParams) -> list[types.TextEdit]:
    wire = ls.wire(params.text_document.uri)
    return wire.formatting(formatting(wire.document))


@SERVER.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
def on_document_symbol(ls: Server, params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
    wire = ls.wire(params.text_document.uri)
    return [wire.symbol(entry) for entry in outline(wire.document)]


@SERVER.feature(
    types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix])
)
def on_code_action(ls: Server, params: types.CodeActionParams) -> list[types.CodeAction]:
    wire = ls.wire(params.text_document.uri)
    start, end = wire.offset(params.range.start), wire.offset(params.range.end)
    return [wire.action(found) for found in quick_fixes(wire.document, start, end)]


def _path(uri: str) -> str:
    return to_fs_path(uri) or uri


def _without_mark(text: str) -> str:
    """Returns a text without its byte order mark; the blank in its stead keeps every place where it is."""
    return f" {text[1:]}" if text.startswith("\ufeff") else text


def _knows_snippets(client: types.ClientCapabilities) -> bool:
    completion = client.text_document.completion if client.text_document else None
    return bool(completion and completion.completion_item and completion.completion_item.snippet_support)
