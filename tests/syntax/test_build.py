"""What each kind of value becomes, and that its span is the text of that value and no more."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from fractions import Fraction
from typing import Any, assert_never

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfdsl.schema.units import UNITS
from nfdsl.source import Source, Span
from nfdsl.syntax import ast
from nfdsl.syntax.parse import parse


def value(text: str) -> ast.Value:
    """Returns the value of a setting that says `text`."""
    parsed = parse(Source("a.nfx", f"model a {{\n  x {text}\n}}\n"))
    assert not parsed.diagnostics
    return parsed.file.blocks[0].settings[0].value


def sketch(node: ast.Value | ast.GridEntry | ast.Argument) -> str:  # noqa: C901 (one case for each class)
    """Returns a value with all that is in it, in a form of which no two values share one."""
    match node:
        case ast.Name(_, text):
            return text
        case ast.String(_, text):
            return repr(text)
        case ast.Number(_, amount, unit):
            return f"{amount}{unit.text if unit else ''}"
        case ast.Shape(_, sizes):
            return f"shape{sizes}"
        case ast.List(_, items):
            return f"[{', '.join(map(sketch, items))}]"
        case ast.Grid(_, entries):
            return f"{{{', '.join(map(sketch, entries))}}}"
        case ast.GridEntry(_, name, inner) | ast.Argument(_, name, inner):
            return f"{name.text}: {sketch(inner)}" if name else sketch(inner)
        case ast.Call(_, function, arguments):
            return f"{function.text}({', '.join(map(sketch, arguments))})"
        case ast.Range(_, first, last, kind, by):
            return f"({sketch(first)} .. {sketch(last)} by {kind} {sketch(by)})"
        case ast.Binary(_, operator, left, right):
            return f"({sketch(left)} {operator} {sketch(right)})"
        case ast.Negative(_, inner):
            return f"(-{sketch(inner)})"
        case ast.Phrase(_, items):
            return f"<{' '.join(map(sketch, items))}>"
        case _:
            assert_never(node)


@pytest.mark.parametrize(
    ("text", "amount", "unit"),
    [
        ("0", "0", None),
        ("0.25", "1/4", None),
        ("30_000", "30000", None),
        ("1e-6", "1/1000000", None),
        ("2.5E+3", "2500", None),
        ("0.1", "1/10", None),
        ("5k", "5000", None),
        ("4B images", "4000000000", "images"),
        ("130k images", "130000", "images"),
        ("1.5M steps", "1500000", "steps"),
        ("2G FLOPs", "2000000000", "FLOPs"),
        ("3T", "3000000000000", None),
        ("224px", "224", "px"),
        ("224 px", "224", "px"),
        ("35%", "35", "%"),
        ("30 GiB", "30", "GiB"),
        ("2MiB", "2", "MiB"),
        ("20 min", "20", "min"),
        ("1s", "1", "s"),
        ("110k core_hours", "110000", "core_hours"),
        ("1e21 FLOPs", "1000000000000000000000", "FLOPs"),
    ],
)
def test_numbers_are_exact(text: str, amount: str, unit: str | None):
    found = value(text)
    assert isinstance(found, ast.Number)
    assert (found.value, found.span.text) == (Fraction(amount), text)
    assert (found.unit and (found.unit.text, found.unit.span.text)) == (unit and (unit, unit))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("jft", "jft"),
        ("holdout.loss", "holdout.loss"),
        ("nfnet+", "nfnet+"),
        ("from", "from"),
        ("x2", "x2"),
        ('"a b"', "'a b'"),
        (r'"\"\\\n\t\r\u03b1"', repr('"\\\n\t\r\u03b1')),
        ('"größe # {"', "'größe # {'"),
        ("8x8x8", "shape(8, 8, 8)"),
        ("[]", "[]"),
        ("[1, a,]", "[1, a]"),
        ("[\n  1,  # one\n  2\n]", "[1, 2]"),
        ("{a, 2}", "{a, 2}"),
        ("{F3+: 4, 2x : a}", "{F3+: 4, 2x: a}"),
        ("sgd(a: 1, 2,)", "sgd(a: 1, 2)"),
        ("f()", "f()"),
        ("f (1)", "f(1)"),
        ("-1", "(-1)"),
        ("1 + 2 * 3", "(1 + (2 * 3))"),
        ("1 - 2 - 3", "((1 - 2) - 3)"),
        ("(1 + 2) / 3", "((1 + 2) / 3)"),
        ("-a * -2", "((-a) * (-2))"),
        ("a+1", "(a + 1)"),
        ("a+[1]", "(a + [1])"),
        ("1 -1", "(1 - 1)"),
        ("[1] * {a: 2}", "([1] * {a: 2})"),
        ("0.25 .. 8 epochs by x2", "(1/4 .. 8epochs by x 2)"),
        ("0..5 by +1", "(0 .. 5 by + 1)"),
        ("5k..8k by + 1k steps", "(5000 .. 8000 by + 1000steps)"),
        ("1 + 1 .. -n by x1.5", "((1 + 1) .. (-n) by x 3/2)"),
        ("{1 .. 4 by x2, 9}", "{(1 .. 4 by x 2), 9}"),
        ("train 224px, eval 256px", "<train 224px eval 256px>"),
        ("4096 imgs", "<4096 imgs>"),
        ("12abc", "<12 abc>"),
        ("nfnet+ fit", "<nfnet+ fit>"),
        ("best 2 per a by x", "<best 2 per a by x>"),
        ("from a (1)", "<from a(1)>"),
        ("tune 1 .. 4 by x2 using f(n: 2)", "<tune (1 .. 4 by x 2) using f(n: 2)>"),
    ],
)
def test_values(text: str, expected: str):
    found = value(text)
    assert sketch(found) == expected
    assert found.span.text == text


def nodes(node: object) -> Iterator[Any]:
    """Yields a node and all within it, outermost first."""
    if isinstance(node, tuple):
        for part in node:
            yield from nodes(part)
    elif is_dataclass(node) and not isinstance(node, Span):
        yield node
        for item in fields(node):
            yield from nodes(getattr(node, item.name))


def test_parts_know_their_places():
    found = [(type(node).__name__, node.span.text) for node in nodes(value("[1, 2] * f(x: (3 + 4), {F0: -5})"))]
    assert found == [
        ("Binary", "[1, 2] * f(x: (3 + 4), {F0: -5})"),
        ("List", "[1, 2]"),
        ("Number", "1"),
        ("Number", "2"),
        ("Call", "f(x: (3 + 4), {F0: -5})"),
        ("Name", "f"),
        ("Argument", "x: (3 + 4)"),
        ("Name", "x"),
        ("Binary", "(3 + 4)"),
        ("Number", "3"),
        ("Number", "4"),
        ("Argument", "{F0: -5}"),
        ("Grid", "{F0: -5}"),
        ("GridEntry", "F0: -5"),
        ("Name", "F0"),
        ("Negative", "-5"),
        ("Number", "5"),
    ]


@pytest.mark.parametrize(
    ("text", "docstring"),
    [
        ("", None),
        ("model a { x 1 }", None),
        ('"One line."\nmodel a { x 1 }', "One line."),
        ('# first\n\n"""Two\r\nlines, \\alpha and "quotes"."""\n', 'Two\nlines, \\alpha and "quotes".'),
    ],
)
def test_the_text_about_a_study(text: str, docstring: str | None):
    parsed = parse(Source("a.nfx", text))
    assert not parsed.diagnostics
    assert (None if parsed.file.docstring is None else parsed.file.docstring.text) == docstring
    assert parsed.file.span == Span(parsed.file.span.source, 0, len(text))


def test_blocks():
    text = "model a+ from b.c {\n\n  x 1; \n}".replace(";", "") + " data d { y 2 }\nreport r {}\n"
    first, second, third = parse(Source("a.nfx", text)).file.blocks
    assert first.parent is not None
    assert (first.kind.text, first.name.text, first.parent.text) == ("model", "a+", "b.c")
    assert (first.span.text, first.settings[0].span.text) == ("model a+ from b.c {\n\n  x 1 \n}", "x 1")
    assert (second.kind.text, second.parent, second.span.text) == ("data", None, "data d { y 2 }")
    assert (third.name.text, third.settings) == ("r", ())


WORDS = st.sampled_from(["a", "b.c", "F3+", "from", "1", "0.5", "5k steps", "224px", "8x8", '"s # \\n"'])


def compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Returns texts of values made of other values, all in parentheses where precedence would matter."""
    several = st.lists(inner, min_size=1, max_size=3)
    space = st.sampled_from([" ", "\n", "  # c\n"])
    return st.one_of(
        st.builds(lambda items, gap: f"[{f',{gap}'.join(items)}]", several, space),
        st.builds(lambda items: "{" + ", ".join(f"L{n}: {item}" for n, item in enumerate(items)) + "}", several),
        st.builds(lambda items, gap: f"f({gap}{', x: '.join(items)},)", several, space),
        st.builds(lambda left, sign, right: f"(({left}) {sign} ({right}))", inner, st.sampled_from("+-*/"), inner),
        st.builds(lambda first, last: f"(({first}) .. ({last}) by x2)", inner, inner),
        st.builds(lambda item: f"(-({item}))", inner),
    )


@given(st.recursive(WORDS, compound, max_leaves=8))
def test_the_text_of_each_span_is_its_value(text: str):
    whole = value(text)
    assert whole.span.text == text
    for node in nodes(whole):
        if not isinstance(node, ast.GridEntry | ast.Argument) and not is_label(node.span):
            assert sketch(value(node.span.text)) == sketch(node)


def is_label(span: Span) -> bool:
    """Whether a span is that of a label or unit, which are no values by themselves."""
    return span.source.text[span.end : span.end + 1] == ":" or span.text in UNITS
