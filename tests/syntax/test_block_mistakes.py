"""Mistakes with headers, braces, and text outside of blocks."""

import re

import pytest

from nfdsl.source import Source, Span
from nfdsl.syntax.parse import parse


@pytest.mark.parametrize(
    ("marked", "code", "fixed", "kept"),
    [
        ("model«» {\n  x 1\n}\n", "missing-block-name", None, {}),
        ("model«» from a {\n  x 1\n}\n", "missing-block-name", None, {}),
        ("model b from«» {\n  x 1\n}\n", "missing-parent", None, {}),
        ('model «"b"» {\n  x 1\n}\n', "quoted-block-name", "model b {\n  x 1\n}\n", {}),
        ('model «"b c"» {\n  x 1\n}\n', "quoted-block-name", None, {}),
        ("«model: b» {\n  x 1\n}\n", "malformed-header", None, {}),
        ("«model b c» {\n  x 1\n}\n", "malformed-header", None, {}),
        ("«model 2b» {\n  x 1\n}\n", "malformed-header", None, {}),
        ("«{»\n  x 1\n}\n", "malformed-header", None, {}),
        ("model b«»\n  x 1\n}\n", "missing-open-brace", "model b {\n  x 1\n}\n", {"b": ["x"]}),
        ("model b from a«»\n  x 1\n}\n", "missing-open-brace", "model b from a {\n  x 1\n}\n", {"b": ["x"]}),
        ("model b«»\n{\n  x 1\n}\n", "missing-open-brace", "model b {\n  x 1\n}\n", {"b": ["x"]}),
        ("model b«»  # so\n{\n  x 1\n}\n", "missing-open-brace", None, {"b": ["x"]}),
        ("model b {\n  x 1«»\n\n", "unclosed-block", "model b {\n  x 1\n}\n\n", {"b": ["x"]}),
        ("model b {\n  x 1«»  # so\n", "unclosed-block", "model b {\n  x 1  # so\n}\n", {"b": ["x"]}),
        ("model b {«»\n", "unclosed-block", "model b {\n}\n", {"b": []}),
        ("«x [1, 2]»\n", "outside-block", None, {}),
        ("«x repeat {1, 2}»\ny 2\n", "outside-block", None, {}),
        ("«}»\n", "stray-bracket", "\n", {}),
        ("model b { x 1 } «}»\n", "stray-bracket", "model b { x 1 } \n", {"b": ["x"]}),
        ('model b { x 1 }\n«"""So."""»\n', "misplaced-docstring", None, {"b": ["x"]}),
    ],
)
def test_a_mistake_before_a_good_block(marked: str, code: str, fixed: str | None, kept: dict[str, list[str]]):
    good = "data good {\n  classes 10\n}\n"
    source = Source("a.nfx", re.sub("[«»]", "", marked) + good)
    parsed = parse(source)
    (diagnostic,) = parsed.diagnostics
    assert (diagnostic.code, diagnostic.primary.span) == (code, Span(source, marked.index("«"), marked.index("»") - 1))
    blocks = {block.name.text: [setting.name.text for setting in block.settings] for block in parsed.file.blocks}
    assert blocks == kept | {"good": ["classes"]}
    fix = diagnostic.fix
    text = None if fix is None else source.text[: fix.span.start] + fix.replacement + source.text[fix.span.end :]
    assert text == (None if fixed is None else fixed + good)
    assert text is None or not parse(Source("a.nfx", text)).diagnostics
