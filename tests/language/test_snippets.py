"""The snippets beside this file: each line that earns a diagnostic says so itself.

A file holds cases separated by ``---``. A case is a whole spec once the prelude of the explanations is put behind
it. ``# error: code`` marks the line where a diagnostic with that code must start; there must be no others.
"""

import re
from pathlib import Path

import pytest

from nfdsl.catalogue import prelude
from nfdsl.diagnose import diagnose
from nfdsl.source import Source

HERE = Path(__file__).parent
EXPECTED = re.compile(r"# error: ([\w-]+)")


def cases() -> list[pytest.ParameterSet]:
    return [
        pytest.param(text, id=f"{path.stem}-{number}")
        for path in sorted(HERE.glob("*.nfx"))
        for number, text in enumerate(path.read_text().split("---\n"), start=1)
    ]


def expected(text: str) -> list[tuple[int, str]]:
    lines = enumerate(text.splitlines(), start=1)
    return [(number, code) for number, line in lines for code in sorted(EXPECTED.findall(line))]


@pytest.mark.parametrize("text", cases())
def test_each_line_earns_what_it_says(text: str):
    found = diagnose(Source("case.nfx", text + prelude()))
    places = [(d.primary.span.source.position(d.primary.span.start).line, d.code) for d in found]
    assert sorted(places) == expected(text)
    assert all(diagnostic.help for diagnostic in found), "a diagnostic says what to do"
