"""Settings that go together instead of multiplying."""

from collections.abc import Callable

from nfdsl.check.study import Study
from nfdsl.diagnostics import Diagnostic


def labels(study: Study) -> list[dict[str, str]]:
    return [dict(point.labels) for point in study.blocks["p"].points]


def test_zipped_settings_pair_and_others_multiply(study: Callable[..., Study]):
    text = "pretrain p from base { budget 1 .. 4 epochs by x2\n lr {0.4, 0.2, 0.3}\n seed {1, 2}\n zip budget, lr }\n"
    found = labels(study(text))
    assert len(found) == 6
    assert {(point["budget"], point["lr"]) for point in found} == {
        ("1 epochs", "0.4"),
        ("2 epochs", "0.2"),
        ("4 epochs", "0.3"),
    }


def test_arguments_can_be_zipped(study: Callable[..., Study]):
    text = "pretrain p from base { optimizer sgd(momentum: {0.8, 0.7}, weight_decay: {0, 1})\n"
    found = labels(study(text + "zip optimizer.momentum, optimizer.weight_decay }\n"))
    assert [(p["optimizer.momentum"], p["optimizer.weight_decay"]) for p in found] == [("0.8", "0"), ("0.7", "1")]


def test_several_zips(study: Callable[..., Study]):
    text = (
        "pretrain p from base { seed {1, 2}\n lr {0.1, 0.2}\n dropout {0.1, 0.2, 0.3}\n label_smoothing {0, 0.1, 0.2}\n"
    )
    assert len(labels(study(text + "zip seed, lr\n zip dropout, label_smoothing }\n"))) == 6


def test_unequal_lengths_are_both_said(wrong: Callable[..., Diagnostic]):
    found = wrong("pretrain p from base { seed 1 .. 3 by +1\n lr {0.2, 0.3}\n zip seed, lr }\n")
    assert "3 and 2 points" in found.headline
    assert [label.text for label in (found.primary, *found.secondary)] == ["2 points", "3 points"]
