"""Mistakes with a setting as a whole."""

from collections.abc import Callable

import pytest


@pytest.mark.parametrize(
    ("marked", "code", "fixed"),
    [
        ("depth«:» [1]", "setting-separator", "depth [1]"),
        ("depth «:» [1]", "setting-separator", "depth [1]"),
        ("depth «=» [1]", "setting-separator", "depth [1]"),
        ("depth«=»[1]", "setting-separator", "depth [1]"),
        ("depth«»", "missing-value", None),
        ("depth«»  # later", "missing-value", None),
        ("«[»1, 2]", "missing-setting-name", None),
        ('«"depth"» 1', "missing-setting-name", None),
        ("«5» 1", "missing-setting-name", None),
        ("«from» 1", "missing-setting-name", None),
        ('depth f("x y"«:» 2)', "unexpected", None),
        ("depth " + "[" * 64 + "«[»1" + "]" * 65, "nesting-too-deep", None),
        ("depth 1" + " + 1" * 64 + " «+» 1", "nesting-too-deep", None),
        ("depth " + "-" * 64 + "«-»1", "nesting-too-deep", None),
    ],
)
def test_a_mistake_with_a_setting(expect: Callable[..., None], marked: str, code: str, fixed: str | None):
    expect(marked, code, fixed)
