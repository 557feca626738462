"""Defaults that cannot be written out stay in comments."""

from nfdsl.diagnostics import Diagnostic, Label
from nfdsl.show.unsayable import commented, sayable
from nfdsl.source import Source, Span

SPEC = Source("a.nfx", "model m {\n  depth [1, 1]  # line 3\n  alpha 0.2  # default; section 3\n  # sam: none\n}\n")


def test_a_default_that_is_wrong_becomes_a_comment():
    wrong = [
        Diagnostic("rule", "wrong", Label(Span(SPEC, SPEC.text.index(word), SPEC.text.index(word) + 1), "here"))
        for word in ("model", "depth", "alpha", "sam")
    ]
    assert commented(SPEC, wrong).split("\n") == [
        "model m {",
        "  depth [1, 1]  # line 3",
        "# alpha: default (0.2); section 3",
        "  # sam: none",
        "}",
        "",
    ]


def test_the_others_stay():
    assert sayable(SPEC).text == SPEC.text
