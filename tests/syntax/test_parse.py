"""From any text to its AST: what holds whatever the text says."""

import itertools
import sys
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lark import Tree

from nfdsl.diagnostics import to_json
from nfdsl.render import render
from nfdsl.source import Source, Span
from nfdsl.syntax.grammar import match, tokenize
from nfdsl.syntax.parse import Parsed, parse
from nfdsl.syntax.tokens import significant

TROUBLE = [*'{}[]()",:=+*#éx9\n\r', '"""', "..", "by x2"]


def spans(node: Any) -> Iterator[Span]:
    """Yields all places in a node: of the AST or of a diagnostic."""
    if isinstance(node, Span):
        yield node
    elif isinstance(node, tuple):
        for part in node:
            yield from spans(part)
    elif is_dataclass(node):
        for item in fields(node):
            yield from spans(getattr(node, item.name))


def assert_sound(text: str) -> Parsed:
    """Parses a text and asserts what holds for any."""
    source = Source("a.nfx", text)
    parsed = parse(source)
    for span in spans((parsed.file, parsed.diagnostics)):
        assert span.source is source
        assert 0 <= span.start <= span.end <= len(text)
    in_order = isinstance(match(list(significant(tokenize(text))), "file"), Tree)
    assert in_order == (not parsed.diagnostics), "nothing is left out without a word"
    places = [found.primary.span.start for found in parsed.diagnostics]
    assert places == sorted(places)
    for found in parsed.diagnostics:
        assert found.headline
        assert found.help
        assert render(found, color=False)
        assert to_json(found)["line"] > 0
    return parsed


def test_the_reference_study(example: str):
    parsed = assert_sound(example)
    assert not parsed.diagnostics
    shown = [
        f"{block.kind.text} {block.name.text}: {' '.join(type(setting.value).__name__ for setting in block.settings)}"
        for block in parsed.file.blocks
    ]
    assert shown == [
        "data jft: Call Number Number Phrase",
        "data imagenet: Call Number",
        "hardware pod: Name Shape",
        "model nfnet: Binary List",
        "model nfnet_wide: Binary List",
        "pretrain scaling: Grid Name Name Range Number Phrase Call Call Call Phrase Call",
        "finetune imagenet_50: Phrase Name Number Number Phrase Call Number Call Phrase Number Number Phrase Call",
        "report paper: Phrase Phrase Phrase",
    ]
    assert parsed.file.blocks[4].parent is not None
    assert parsed.file.blocks[4].parent.text == "nfnet"


@given(st.text())
def test_any_text_is_parsed(text: str):
    assert_sound(text)


@given(st.lists(st.sampled_from([*TROUBLE, "a", "model b {\n", "  c ", "}\n", "from "]), max_size=25).map(" ".join))
def test_any_tokens_are_parsed(text: str):
    assert_sound(text)


@settings(max_examples=60)
@given(st.data())
def test_any_damage_to_a_spec_is_survived(example: str, data: st.DataObject):
    text = example
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = start + data.draw(st.sampled_from([0, 0, 1, 1, 2, 10, 100]))
        text = text[:start] + data.draw(st.sampled_from(["", *TROUBLE])) + text[end:]
    assert_sound(text)


@pytest.mark.parametrize("bracket", ["[", "(", "{", "-", "f(", "1+"])
def test_depth_is_refused_not_recursed_into(bracket: str):
    (found,) = parse(Source("a.nfx", f"model a {{\n  x {bracket * 5000} 1\n}}\n")).diagnostics
    assert found.code == "nesting-too-deep"


def test_the_deepest_value_is_read_the_same_in_a_broken_spec():
    good = f"model a {{\n  x {'[' * 64}{']' * 64}\n"
    assert not parse(Source("a.nfx", good + "}")).diagnostics
    assert [found.code for found in parse(Source("a.nfx", good)).diagnostics] == ["unclosed-block"]


def test_length_is_not_depth():
    values = ", ".join(["-1 + 2"] * 5000)
    parsed = parse(Source("a.nfx", f"model a {{\n  x [{values}]\n" + "  y 1 - 2\n" * 500 + "}\n"))
    assert not parsed.diagnostics


@pytest.mark.parametrize(
    "text",
    [
        lambda n: "model a {\n  x 1\n}\n" * n,
        lambda n: "model a {\n" * n,
        lambda n: "model a {\n  x [" + "1, " * n,
        lambda n: "model a {\n  x " + "[\n" * n + ")\n" * n,
        lambda n: "model a {\n  x [" + "\n" * n,
        lambda n: "model a {\n  x [\n" + "y 1\n" * n,
        lambda n: "model a {\n" + "x y {\n\n" * n,
        lambda n: "model a { x " + "a-" * n,
        lambda n: "model a { x " + "1x" * n,
        lambda n: "model a { x " + "1_" * n + "1.1" * n,
        lambda n: '"' * n + "'" * n + '""" ' * n,
        lambda n: "é ) } " * n,
    ],
    ids=range(12),
)
def test_work_is_linear(text: Callable[[int], str]):
    """Eight times the text takes less than 16 times as many calls; quadratic work would take 64."""
    parse(Source("a.nfx", ""))
    assert calls(text(1600)) < 16 * max(calls(text(200)), 100)


def calls(text: str) -> int:
    """Returns how many functions are called to parse `text`."""
    counted = itertools.count()
    sys.setprofile(lambda frame, event, argument: next(counted) if "call" in event else None)
    try:
        parse(Source("a.nfx", text))
    finally:
        sys.setprofile(None)
    return next(counted)
