"""The real server, driven over its standard input and output as an editor would."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nfdsl.cli import main

pytest.importorskip("pygls")

URI = "file:///studies/caf%C3%A9.nfx"


class Client:
    """An editor: sends requests, waits for their answers, keeps what the server says by itself."""

    def __init__(self, cache: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "nfdsl.cli", "lsp"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "XDG_CACHE_HOME": str(cache)},
        )
        self.said: list[dict[str, Any]] = []
        self._requests = 0

    def request(self, method: str, **params: Any) -> Any:
        answer = self.answer(method, **params)
        assert "error" not in answer, answer
        return answer["result"]

    def answer(self, method: str, **params: Any) -> dict[str, Any]:
        """Returns the whole answer to a request, which may be an error."""
        self._requests += 1
        self._send({"id": self._requests, "method": method, "params": params})
        while "id" not in (message := self._receive()):
            self.said.append(message)
        assert message["id"] == self._requests
        return message

    def notify(self, method: str, **params: Any) -> None:
        self._send({"method": method, "params": params})

    def diagnostics(self) -> dict[str, Any]:
        """Returns the next diagnostics that the server publishes."""
        while not self.said:
            self.said.append(self._receive())
        message = self.said.pop(0)
        assert message["method"] == "textDocument/publishDiagnostics", message
        return message["params"]

    def open(self, text: str) -> dict[str, Any]:
        document = {"uri": URI, "languageId": "nfx", "version": 1, "text": text}
        self.notify("textDocument/didOpen", textDocument=document)
        return self.diagnostics()

    def change(self, version: int, text: str) -> None:
        document = {"uri": URI, "version": version}
        self.notify("textDocument/didChange", textDocument=document, contentChanges=[{"text": text}])

    def ask(self, feature: str, line: int, character: int, **params: Any) -> Any:
        position = {"line": line, "character": character}
        return self.request(f"textDocument/{feature}", textDocument={"uri": URI}, position=position, **params)

    def _send(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        length = 0
        while line := self.process.stdout.readline().strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        assert length, self.process.stderr.read().decode() if self.process.stderr else ""
        return json.loads(self.process.stdout.read(length))


Start = Callable[..., Client]


@pytest.fixture
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Returns a function that starts a server and introduces a client that counts in an encoding."""
    clients: list[Client] = []
    cache = tmp_path_factory.getbasetemp() / "cache"

    def start(encoding: str | None = None, *, snippets: bool = True) -> Client:
        client = Client(cache)
        clients.append(client)
        item = {"completionItem": {"snippetSupport": snippets}}
        capabilities = {"textDocument": {"completion": item, "rename": {"prepareSupport": True}}}
        general = {} if encoding is None else {"general": {"positionEncodings": [encoding]}}
        offered = client.request("initialize", processId=None, rootUri=None, capabilities=capabilities | general)
        assert offered["capabilities"]["textDocumentSync"]["change"] == 1, "whole texts"
        client.notify("initialized")
        return client

    yield start
    for client in clients:
        client.process.kill()
        client.process.communicate()


def edited(text: str, edit: dict[str, Any]) -> str:
    """Returns a text (in which a character is one unit) as a workspace edit leaves it."""
    lines = text.split("\n")
    for change in sorted(edit["changes"][URI], key=lambda change: -change["range"]["start"]["line"]):
        begin, end = change["range"]["start"], change["range"]["end"]
        assert begin["line"] == end["line"]
        line = lines[begin["line"]]
        lines[begin["line"]] = line[: begin["character"]] + change["newText"] + line[end["character"] :]
    return "\n".join(lines)


def test_an_editing_session(start: Start, study: str):
    client = start()
    assert client.open(study) == {"uri": URI, "diagnostics": []}

    lines = study.split("\n")
    batch = lines.index("  batch 50 images")
    assert "images in a step" in client.ask("hover", batch, 3)["contents"]["value"]
    model = lines.index("  model {net, wide}")
    assert client.ask("definition", model, 10)["range"]["start"] == {"line": 6, "character": 6}
    assert len(client.ask("references", model, 10, context={"includeDeclaration": True})) == 3
    assert client.ask("prepareRename", model, 10)["start"] == {"line": model, "character": 9}
    options = {"tabSize": 2, "insertSpaces": True}
    assert client.request("textDocument/formatting", textDocument={"uri": URI}, options=options)
    renamed = edited(study, client.ask("rename", model, 10, newName="nfnet"))
    assert "model nfnet {" in renamed
    assert "model wide from nfnet {" in renamed
    assert "{nfnet, wide}" in renamed
    symbols = client.request("textDocument/documentSymbol", textDocument={"uri": URI})
    assert [symbol["name"] for symbol in symbols] == ["mnist", "net", "wide", "base", "paper"]

    broken = study.replace("batch 50", "bach 50")
    client.change(2, broken)
    (problem,) = client.diagnostics()["diagnostics"]
    assert problem["code"] == "unknown-setting"
    (action,) = client.request(
        "textDocument/codeAction", textDocument={"uri": URI}, range=problem["range"], context={"diagnostics": [problem]}
    )
    assert action["title"] == "Replace `bach` by `batch`"
    assert edited(broken, action["edit"]) == study

    client.change(3, study.replace("cosine(warmup: 20 steps)", ""))
    offered = client.ask("completion", lines.index("  schedule cosine(warmup: 20 steps)"), 11)["items"]
    assert [item["label"] for item in offered] == ["cosine", "linear", "constant", "rsqrt", "piecewise"]
    assert offered[0]["textEdit"]["newText"] == "cosine(warmup: ${1:0 steps})"

    client.request("shutdown")
    client.notify("exit")
    assert client.process.wait(timeout=60) == 0


@pytest.mark.parametrize(("encoding", "end"), [(None, 18), ("utf-8", 20), ("utf-16", 18), ("utf-32", 17)])
def test_places_are_counted_as_the_client_counts(start: Start, encoding: str | None, end: int):
    client = start(encoding)
    problems = client.open('data d {\n  source "\U0001f600" more\n}\n')["diagnostics"]
    ranges = [problem["range"] for problem in problems if problem["code"] == "wrong-type"]
    assert ranges == [{"start": {"line": 1, "character": 9}, "end": {"line": 1, "character": end}}]


def test_changes_that_follow_each_other_are_checked_once(start: Start, study: str):
    client = start()
    client.open(study)
    for version in range(2, 12):
        client.change(version, study.replace("batch", "x" * version))
    assert any(f"`{'x' * 11}`" in problem["message"] for problem in client.diagnostics()["diagnostics"])
    client.request("textDocument/documentSymbol", textDocument={"uri": URI})
    assert client.said == []


def test_a_name_that_is_taken_is_refused(start: Start, study: str):
    client = start()
    client.open(study)
    position = {"line": 6, "character": 7}
    params = {"textDocument": {"uri": URI}, "position": position, "newName": "wide"}
    assert client.answer("textDocument/rename", **params)["error"]["message"] == "there is a `wide` already"


def test_a_client_without_snippets_gets_plain_text(start: Start):
    client = start(snippets=False)
    client.open("")
    offered = {item["label"]: item for item in client.ask("completion", 0, 0)["items"]}
    assert offered["model"]["textEdit"]["newText"] == "model name {\n  depth []\n  width []\n}"


def test_a_byte_order_mark_is_no_mistake(start: Start, study: str):
    assert start().open(f"\ufeff{study}")["diagnostics"] == []


def test_what_was_said_of_a_closed_file_is_taken_back(start: Start):
    client = start()
    assert client.open("nonsense")["diagnostics"]
    client.notify("textDocument/didClose", textDocument={"uri": URI})
    assert client.diagnostics() == {"uri": URI, "diagnostics": []}


def test_without_the_extra_the_command_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setitem(sys.modules, "lsprotocol", None)
    for name in ("nfdsl.editor.server", "nfdsl.editor.wire"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    assert main(["lsp"]) == 2
    assert "pip install 'nfdsl[lsp]'" in capsys.readouterr().err
