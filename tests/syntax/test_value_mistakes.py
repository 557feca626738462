"""Mistakes with values."""

from collections.abc import Callable

import pytest


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
