"""The VS Code extension names what there is."""

import json
from pathlib import Path

import pytest

from nfdsl.cli import main

GRAMMAR = Path(__file__).parents[2] / "grammar"
EXTENSION = GRAMMAR / "vscode"
PACKAGE = json.loads((EXTENSION / "package.json").read_text())


def test_the_files_it_names_are_there():
    (language,), (grammar,) = PACKAGE["contributes"]["languages"], PACKAGE["contributes"]["grammars"]
    assert (EXTENSION / PACKAGE["main"]).is_file()
    assert json.loads((EXTENSION / language["configuration"]).read_text())["comments"] == {"lineComment": "#"}
    highlighting = json.loads((GRAMMAR / Path(grammar["path"]).name).read_text())
    assert highlighting["scopeName"] == grammar["scopeName"]


def test_it_starts_a_command_that_there_is():
    program, *arguments = PACKAGE["contributes"]["configuration"]["properties"]["nfx.command"]["default"]
    assert program == "nfdsl"
    with pytest.raises(SystemExit) as left:
        main([*arguments, "--help"])
    assert left.value.code == 0
