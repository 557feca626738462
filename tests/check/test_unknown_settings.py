"""Settings that a block does not have, and what is said of what was meant."""

from collections.abc import Callable

import pytest

from nfdsl.check.spec import study_of
from nfdsl.diagnostics import Diagnostic
from nfdsl.source import Source


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        ("learning_rate 0.1", "did you mean `lr`, the peak learning rate?"),
        ("learning rate 0.1", "did you mean `lr`, the peak learning rate?"),
        ("ema 0.1", "`ema` is a value of `average`: write `average ema(...)`"),
        (
            "weight_decay 0.1",
            "`weight_decay` is an argument of `optimizer`: write `optimizer sgd(weight_decay: ...)` "
            "or `optimizer.weight_decay ...`",
        ),
        (
            "weight decay 0.1",
            "`weight_decay` is an argument of `optimizer`: write `optimizer sgd(weight_decay: ...)` "
            "or `optimizer.weight_decay ...`",
        ),
        ("rho 0.1", "`rho` is an argument of `sam`: write `sam rho ...` or `sam.rho ...`"),
        ("bacth 50 images", "did you mean `batch`?"),
        ("epochs 10", "`epochs` is a unit: write `budget 10 epochs`"),
        ("steps {10, 20}", "`steps` is a unit: write `budget ... steps`"),
        ("precision float32", "`precision` is a setting of hardware blocks: write it in one of those"),
        ("width [8, 8]", "`width` is a setting of model blocks: write it in one of those"),
        ("patch 50 images", "did you mean `batch`?"),
        ("images 50", "`images` is a unit: write `batch 50 images` or `budget 50 images`"),
    ],
)
def test_a_setting_of_another_place_is_shown_there(wrong: Callable[..., Diagnostic], line: str, advice: str):
    found = wrong(f"pretrain p from base {{ {line} }}\n")
    assert (found.code, found.help) == ("unknown-setting", advice)


def test_a_unit_in_front_of_its_number_is_mended(wrong: Callable[..., Diagnostic]):
    found = wrong("pretrain p from base { epochs 10 }\n")
    assert found.fix is not None
    assert (found.fix.span.text, found.fix.replacement) == ("epochs 10", "budget 10 epochs")


@pytest.mark.parametrize("line", ["bacth 50 images", "learning_rate 0.1", "learning rate 0.1", "epochs 10"])
def test_what_was_meant_is_not_said_to_be_missing_too(spec: Callable[[str], str], line: str):
    replaced = {"bacth": "batch", "learning_rate": "lr", "learning": "lr", "epochs": "budget"}[line.split()[0]]
    text = spec("quickstart")
    kept = [each for each in text.splitlines() if not each.startswith(f"  {replaced} ")]
    at = kept.index("pretrain scaling {") + 1
    text = "\n".join([*kept[:at], f"  {line}", *kept[at:]])
    found = [each for each in study_of(Source("a.nfx", text))[1] if each.primary.span.start < text.index("finetune")]
    assert [each.code for each in found] == ["unknown-setting"]
