"""A broken rule shows the value of each operand, and where each comes from."""

from collections.abc import Callable

import pytest

from nfdsl.diagnostics import Diagnostic

Wrong = Callable[..., Diagnostic]


def shown(found: Diagnostic) -> list[tuple[str, str]]:
    return [(label.span.text, label.text) for label in (found.primary, *found.secondary)]


def test_own_inherited_and_default_operands(wrong: Wrong):
    found = wrong("model m from net { depth [1, 1, 1] }\n")
    assert shown(found) == [
        ("depth [1, 1, 1]", "depth = [1, 1, 1]"),
        ("width       [16, 32]", "width = [16, 32] (inherited from `net`)"),
    ]
    found = wrong("model m from net { group_width 128 }\n")
    assert [text for _, text in shown(found)] == [
        "group_width = 128",
        "width = [16, 32] (inherited from `net`)",
        "bottleneck = 0.5, so that the 3x3 convolutions have 8 and 16 channels (default)",
    ]


def test_the_machine_of_a_batch_is_shown(wrong: Wrong):
    found = wrong("hardware slice { topology 2x2x3 }\npretrain p from base { hardware slice }\n")
    assert found.code == "batch-not-divisible"
    assert shown(found) == [
        ("hardware slice", "hardware = 12 devices"),
        ("batch       50 images", "batch = 50 images (inherited from `base`)"),
        ("topology 2x2x3", "topology = 2x2x3"),
    ]


def test_the_warm_up_is_shown_with_all_that_makes_its_length(planning: Wrong):
    found = planning("pretrain p from base { schedule.warmup 2 epochs }\n")
    assert found.code == "warmup-outlasts-budget"
    assert [text for _, text in shown(found)] == [
        "schedule.warmup = 2 epochs",
        "budget = 1 epochs of 4,500 images (inherited from `base`)",
        "batch = 50 images (inherited from `base`)",
    ]


@pytest.mark.parametrize("sides", ["train 4px, eval 32px", "train 32px, eval 7px"])
def test_small_images(wrong: Wrong, sides: str):
    assert wrong(f"pretrain p from base {{ resolution {sides} }}\n").code == "resolution-too-small"
