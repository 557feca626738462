"""Diagnostics as people see them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfdsl.diagnostics import Diagnostic, Fix, Label
from nfdsl.render import render
from nfdsl.source import Source, Span


def diagnostic(marked: str, *, fix: str | None = None, secondary: tuple[Label, ...] = ()) -> Diagnostic:
    """Returns a diagnostic about what stands between « and »."""
    before, about, after = re.split("[«»]", marked)
    span = Span(Source("a.nfx", before + about + after), len(before), len(before + about))
    replacement = None if fix is None else Fix(span, fix)
    return Diagnostic("some-code", "what is wrong", Label(span, "here"), secondary, "what to do", replacement)


def shown(marked: str) -> list[str]:
    """Returns the lines between the place and the help."""
    return render(diagnostic(marked), color=False).split("\n")[3:-1]


def test_a_diagnostic_in_full():
    lines = [*["# nothing"] * 11, "  «depht» [1, 2, 6, 3]", "}"]
    assert render(diagnostic("\n".join(lines), fix="depth"), color=False).split("\n") == [
        "error[some-code]: what is wrong",
        "  --> a.nfx:12:3",
        "   |",
        "12 |   depht [1, 2, 6, 3]",
        "   |   ^^^^^ here",
        "   = help: what to do",
        "   = fix: depth [1, 2, 6, 3]",
    ]


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("a «b» c", ["1 | a b c", "  |   ^ here"]),
        ("a«» c", ["1 | a c", "  |  ^ here"]),
        ("a«»", ["1 | a", "  |  ^ here"]),
        ("«»", []),
        ("a«\n»b", ["1 | a", "  |  ^ here"]),
        ("\ta «b»", ["1 |     a b", "  |       ^ here"]),
        ("a «\t» b", ["1 | a      b", "  |   ^^^^ here"]),
        ("日本 «語» x", ["1 | 日本 語 x", "  |      ^^ here"]),
        ("cafe\u0301 «x»", ["1 | cafe\u0301 x", "  |      ^ here"]),
        ("\x1b[31m «x»", ["1 | ␛[31m x", "  |       ^ here"]),
        ("\u202e\x9b\udc80 «x»", ["1 | \ufffd\ufffd\ufffd x", "  |     ^ here"]),
        ("a «b» c\r\n", ["1 | a b c", "  |   ^ here"]),
    ],
)
def test_marks_stand_under_their_place(marked: str, expected: list[str]):
    assert shown(marked) == expected


def test_several_lines_are_marked_where_they_begin_and_end():
    assert shown("a «{\n  b 1\n  c 2\n}» d") == ["1 | a {", "  |   ^", "...", "4 | } d", "  | ^ here"]


def test_secondary_labels_stand_with_their_lines():
    source = Source("a.nfx", "model a {\n\n\n  b [1, 2\n")
    labels = [
        Label(Span(source, 21, 21), "missing"),
        Label(Span(source, 16, 17), "opened"),
        Label(Span(source, 8, 9), "in"),
    ]
    text = render(Diagnostic("c", "h", labels[0], tuple(labels[1:])), color=False)
    assert text.split("\n")[3:] == [
        "1 | model a {",
        "  |         - in",
        "...",
        "4 |   b [1, 2",
        "  |          ^ missing",
        "  |     - opened",
    ]


def test_a_label_in_another_file_names_the_file():
    base = Source("base.nfx", "x 1\ny 2\n")
    text = render(diagnostic("a «b»", secondary=(Label(Span(base, 4, 5), "from here"),)), color=False)
    assert text.split("\n")[5:9] == [" ::: base.nfx:2:1", "  |", "2 | y 2", "  | - from here"]


def test_a_long_line_is_cut_around_the_mark():
    line, marks = shown("x" * 500 + "«y»" + "z" * 500)
    assert line.startswith("1 | …xxx")
    assert line.endswith("zzz…")
    assert len(line) < 120
    assert marks.index("^") == line.index("y")


def test_the_marks_of_a_long_place_end_with_the_line():
    line, marks = shown("«" + "x" * 500 + "»")
    assert line == "1 | " + "x" * 100 + "…"
    assert marks == "  | " + "^" * 100 + " here"


@pytest.mark.parametrize(
    ("marked", "replacement", "expected"),
    [
        ("  a «=» 1", "", ["  = fix: a  1"]),
        ("  a 1«»", "\n}", ["  = fix: a 1", "         }"]),
        ("  a 1«»", "\n" * 5, []),
        ("x" * 200 + "«y»", "z", []),
    ],
)
def test_a_fix_shows_the_lines_as_they_will_be(marked: str, replacement: str, expected: list[str]):
    assert render(diagnostic(marked, fix=replacement), color=False).split("\n")[6:] == expected


def test_colours_change_nothing_else():
    plain, coloured = (render(diagnostic("a «b»", fix="c"), color=color) for color in (False, True))
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain
    assert coloured.startswith("\x1b[1;31merror[some-code]\x1b[0m")


@given(st.text(max_size=60), st.data())
def test_any_place_in_any_text_can_be_shown(text: str, data: st.DataObject):
    start = data.draw(st.integers(0, len(text)))
    span = Span(Source("a.nfx", text), start, data.draw(st.integers(start, len(text))))
    lines = render(Diagnostic("c", text, Label(span, text), help="h", fix=Fix(span, text)), color=False)
    assert not any(ord(character) < 0x20 and character != "\n" for character in lines)
