"""Every code is explained, by snippets that do what they say."""

import ast
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import nfdsl
from nfdsl.catalogue import Explanation, catalogue, completed, explanation, prelude
from nfdsl.cli import main
from nfdsl.diagnose import diagnose
from nfdsl.source import Source

SOURCES = Path(nfdsl.__path__[0])
LANGUAGE = Path(__file__).parent / "language"
KEBAB = re.compile(r"[a-z]+(-[a-z]+)+")
MARKED = re.compile(r"error\[([a-z-]+)\]")


def codes(path: Path) -> Iterator[str]:
    """Yields the codes a module may give a diagnostic: named so, words with dashes, or written out for people."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.keyword(arg="code", value=ast.Constant(value=str(code))):
                yield code
            case ast.Call(args=arguments):
                values = [value.value for value in arguments if isinstance(value, ast.Constant)]
                yield from (value for value in values if isinstance(value, str) and KEBAB.fullmatch(value))
            case ast.JoinedStr(values=values):
                texts = [part.value for part in values if isinstance(part, ast.Constant)]
                yield from (code for text in texts for code in MARKED.findall(str(text)))
            case _:
                pass


def emitted() -> set[str]:
    modules = [path for path in SOURCES.rglob("*.py") if "diagnostics import" in path.read_text()]
    return {code for path in modules for code in codes(path)}


def test_every_code_is_in_the_catalogue_and_none_besides():
    assert emitted() == set(catalogue())


@pytest.mark.parametrize("entry", [entry for entry in catalogue().values() if entry.kind != "sh"], ids=lambda e: e.code)
def test_the_wrong_snippet_earns_the_code_and_the_right_one_none(
    entry: Explanation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    Path("base.nfx").write_text("let peak 0.2\n")  # what the snippets import
    Path("weights.safetensors").touch()  # and begin from
    wrong, right = (diagnose(Source("study.nfx", completed(text, entry.kind))) for text in (entry.wrong, entry.right))
    assert [found.code for found in wrong] == [entry.code]
    assert right == []


@pytest.mark.parametrize("entry", [entry for entry in catalogue().values() if entry.kind == "sh"], ids=lambda e: e.code)
def test_the_wrong_command_earns_the_code_and_the_right_one_none(
    entry: Explanation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    Path("study.nfx").write_text(prelude())
    said = {text: _said(text, capsys) for text in (entry.wrong, entry.right)}
    assert said == {entry.wrong: (1, [entry.code]), entry.right: (0, [])}


def _said(commands: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    """Returns what the last of several commands leaves with, and the codes it names."""
    *others, last = commands.splitlines()
    subprocess.run(["sh", "-ec", "\n".join(others)], check=True)
    status = main(shlex.split(last)[1:])
    return status, MARKED.findall(capsys.readouterr().err)


def test_texts_are_plain_sentences():
    for entry in catalogue().values():
        assert entry.headline[0].isupper() or entry.headline[0] in "`+", entry.code
        assert not entry.headline.endswith("."), entry.code
        assert entry.text.endswith("."), entry.code
        assert entry.text.count("`") % 2 == 0, entry.code


def test_every_code_has_a_case_among_the_language_snippets():
    cases = "".join(path.read_text() for path in LANGUAGE.glob("*.nfx"))
    beside_the_prelude = {entry.code for entry in catalogue().values() if entry.kind == "nfx"}
    assert beside_the_prelude <= set(re.findall(r"# error: ([\w-]+)", cases))


def test_an_explanation_without_its_form_is_refused():
    with pytest.raises(ValueError, match="some-code"):
        explanation("some-code", "# Headline\n\nA text without snippets.\n")
