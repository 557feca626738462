"""What the documentation shows is so: its specs earn the errors they say, its commands work."""

import re
import shlex
from pathlib import Path

import pytest

from nfdsl.catalogue import prelude
from nfdsl.cli import main
from nfdsl.diagnose import diagnose
from nfdsl.source import Source

ROOT = Path(__file__).parents[1]
CHAPTER = (ROOT / "docs" / "language.md").read_text()
EXPECTED = re.compile(r"# error: ([\w-]+)")


def fenced(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Enters a folder with the study and the other file that the chapter speaks of."""
    monkeypatch.chdir(tmp_path)
    for name in ("study.nfx", "other.nfx"):
        Path(name).write_text(prelude())
    Path("shared.nfx").write_text("let peak 0.2\n")
    Path("weights").mkdir()
    Path("weights/vit_base_patch16_224.safetensors").touch()


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("text", fenced(CHAPTER, "nfx"))
def test_each_line_of_an_example_earns_what_it_says(text: str):
    found = diagnose(Source("study.nfx", text + prelude()))
    places = [(each.primary.span.source.position(each.primary.span.start).line, each.code) for each in found]
    expected = [(n, code) for n, line in enumerate(text.splitlines(), 1) for code in EXPECTED.findall(line)]
    assert sorted(places) == expected


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("command", [line for text in fenced(CHAPTER, "sh") for line in text.splitlines()])
def test_each_command_works(command: str):
    assert main(shlex.split(command)[1:]) == 0


def test_the_study_in_the_readme_is_that_of_the_specs():
    shown = fenced((ROOT / "README.md").read_text(), "nfx")
    written = (ROOT / "specs" / "convnets_match_vits.nfx").read_text().splitlines()
    lines = [line for text in shown for line in text.splitlines()]
    assert lines
    assert [line for line in lines if line not in written] == []
