"""Mistakes with values."""

from collections.abc import Callable

import pytest

from nfdsl.source import Source
from nfdsl.syntax.malformed import PATH
from nfdsl.syntax.parse import parse


@pytest.mark.parametrize(
    ("marked", "code", "fixed"),
    [
        ("a 1 +«»", "missing-operand", None),
        ("a 1 *«» ", "missing-operand", None),
        ("a 1 ..«»", "missing-operand", None),
        ("a [«»* 2]", "missing-operand", None),
        ("a 1 *«» / 2", "missing-operand", None),
        ("a«» .. 8 by x2", "missing-operand", None),
        ("a f(x:«»)", "missing-operand", None),
        ("a f(x:«», y: 1)", "missing-operand", None),
        ("a («»)", "missing-operand", None),
        ("a 1 .. 8«»", "range-without-step", None),
        ("a 1 .. 8 «by» 2", "range-without-step", None),
        ("a 1 .. 8 «minimizing» loss", "range-without-step", None),
        ("a {1 .. 8«,» 9}", "range-without-step", None),
        ("a [1 .. 8«]»", "range-without-step", None),
        ("a 1 .. 4 «..» 8", "range-without-step", None),
        ("a «by x»2", "step-without-range", None),
        ("a 8 «by +»1", "step-without-range", None),
        ("a 0.1 to 0.8 «by x»2", "step-without-range", "a 0.1 .. 0.8 by x2"),
        ("a tune 1 - 9 «by +»2", "step-without-range", "a tune 1 .. 9 by +2"),
        ("a to 0.8 «by x»2", "step-without-range", None),
        ("a [1,«,» 2]", "stray-comma", "a [1, 2]"),
        ("a [«,» 1]", "stray-comma", "a [ 1]"),
        ("a «,» 1", "stray-comma", "a  1"),
        ("a 1, 2«,»", "stray-comma", "a 1, 2"),
        ("a 1,«,» 2", "stray-comma", "a 1, 2"),
        ("a [4096 «imgs»]", "unknown-unit", None),
        ('a «"""x y"""»', "misplaced-docstring", 'a "x y"'),
        ('a «"""x\ny"""»', "misplaced-docstring", None),
    ],
)
def test_a_mistake_with_values(expect: Callable[..., None], marked: str, code: str, fixed: str | None):
    expect(marked, code, fixed)


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        ("f(/data/images)", PATH),
        ("/data/images", PATH),
        ("../images", PATH),
        ("f(./images)", PATH),
        ("f(~/images)", PATH),
        ("/ 2", "write a value before `/`"),
        (".. 8 by x2", "write a value before `..`"),
    ],
)
def test_a_path_without_quotes_is_told_from_arithmetic(value: str, advice: str):
    found = parse(Source("a.nfx", f"model m {{\n  a {value}\n}}\n")).diagnostics[0]
    assert found.help == advice
