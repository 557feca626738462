"""Mistakes with brackets, and with the commas and names inside them."""

from collections.abc import Callable

import pytest


@pytest.mark.parametrize(
    ("marked", "code", "fixed"),
    [
        ("a 1 «]»", "stray-bracket", "a 1 "),
        ("a «)»", "stray-bracket", None),
        ("a [1, 2«)»", "mismatched-bracket", "a [1, 2]"),
        ("a f(x: 1«]»", "mismatched-bracket", "a f(x: 1)"),
        ("a {F0: 1, F1: 2«]»", "mismatched-bracket", "a {F0: 1, F1: 2}"),
        ("a [1, 2«»", "unclosed-bracket", "a [1, 2]"),
        ("a [1, 2,«»", "unclosed-bracket", "a [1, 2,]"),
        ("a [\n    1,\n    2«»", "unclosed-bracket", "a [\n    1,\n    2]"),
        ("a {F0: 1«»", "unclosed-bracket", "a {F0: 1}"),
        ("a f(«»", "unclosed-bracket", "a f()"),
        ("a f([1, 2«»)", "unclosed-bracket", "a f([1, 2])"),
        ("a (1«,» 2)", "comma-in-parentheses", None),
        ("a [1 «2»]", "missing-comma", "a [1, 2]"),
        ("a [x «y»]", "missing-comma", "a [x, y]"),
        ("a {x «y»}", "missing-comma", None),
        ("a {x «best» 2, y best 2}", "missing-comma", None),
        ("a {F0: x «warmup» 5 steps, y}", "missing-comma", None),
        ("a {F0: 1 «F1»: 2}", "missing-comma", "a {F0: 1, F1: 2}"),
        ("a {\n    F0: 1\n    «F1»: 2\n  }", "missing-comma", "a {\n    F0: 1,\n    F1: 2\n  }"),
        ("a [\n    1\n    «2»\n  ]", "missing-comma", "a [\n    1,\n    2\n  ]"),
        ("a f(x «=» 1)", "argument-separator", "a f(x: 1)"),
        ("a f(x«=»1)", "argument-separator", "a f(x: 1)"),
        ("a f(1, x «0.9»)", "argument-separator", "a f(1, x: 0.9)"),
        ("a {F0 «=» 1}", "argument-separator", "a {F0: 1}"),
        ("a train«:» 224px", "misplaced-label", "a train  224px"),
        ("a train«=»224px", "misplaced-label", "a train 224px"),
        ("a [x«:» 1]", "misplaced-label", None),
        ('a {«"F0"»: 1}', "quoted-label", "a {F0: 1}"),
    ],
)
def test_a_mistake_with_brackets(expect: Callable[..., None], marked: str, code: str, fixed: str | None):
    expect(marked, code, fixed)
