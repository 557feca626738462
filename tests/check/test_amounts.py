"""Numbers of settings: unit, range, wholeness, size."""

from collections.abc import Callable

import pytest

from nfdsl.diagnostics import Diagnostic


@pytest.mark.parametrize(
    ("text", "code", "marked", "fixed"),
    [
        ("batch 64", "wrong-unit", "64", "64 images"),
        ("batch 64 px", "wrong-unit", "64 px", None),
        ("dropout 0.1 images", "wrong-unit", "0.1 images", None),
        ("dropout 1", "out-of-range", "1", None),
        ("dropout -0.1", "out-of-range", "-0.1", None),
        ("batch 10 images / 4", "not-whole", "10 images / 4", None),
        ("budget 1e37 images", "huge-number", "1e37 images", None),
        ("budget [1, 2]", "wrong-type", "[1, 2]", None),
        ("seed {1, 2.5}", "not-whole", "2.5", None),
    ],
)
def test_what_is_refused(wrong: Callable[..., Diagnostic], text: str, code: str, marked: str, fixed: str | None):
    found = wrong(f"pretrain p from base {{ {text} }}\n")
    assert (found.code, found.primary.span.text) == (code, marked)
    assert (found.fix and found.fix.replacement) == fixed


def test_lists_have_a_bound(wrong: Callable[..., Diagnostic]):
    assert wrong(f"model m from net {{ width [{', '.join(['8'] * 65)}] }}\n").code == "list-too-long"
