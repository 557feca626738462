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
        ("budget {1, 2} epochs", "wrong-unit", "epochs", "{1 epochs, 2 epochs}"),
        ("budget {short: 1, long: 2} epochs", "wrong-unit", "epochs", "{short: 1 epochs, long: 2 epochs}"),
        ("budget [16, 32] px", "wrong-unit", "px", "[16px, 32px]"),
        ("budget {1, 2 images} epochs", "wrong-unit", "epochs", None),
        ("budget {1, 2} epoch_s", "wrong-type", "{1, 2} epoch_s", None),
        ("lr 0.1 to 0.8", "range-without-step", "to", None),
        ("lr 0.1 to", "unknown-unit", "to", None),
        ("lr 0.1 0.2", "wrong-type", "0.2", None),
    ],
)
def test_what_is_refused(wrong: Callable[..., Diagnostic], text: str, code: str, marked: str, fixed: str | None):
    found = wrong(f"pretrain p from base {{ {text} }}\n")
    assert (found.code, found.primary.span.text) == (code, marked)
    assert (found.fix and found.fix.replacement) == fixed


def test_lists_have_a_bound(wrong: Callable[..., Diagnostic]):
    assert wrong(f"model m from net {{ width [{', '.join(['8'] * 65)}] }}\n").code == "list-too-long"
