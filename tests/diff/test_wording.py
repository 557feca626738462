"""What counts as a change, and how it is told."""

from collections.abc import Callable

import pytest

from nfdsl.diff.runs import Planned
from nfdsl.diff.wording import Change, Said, changes

Changed = Callable[..., Planned]


def told(changed: Changed, *replacements: tuple[str, str]) -> list[str]:
    """Returns each change as ``block.setting: old -> new``, with the line of what is written."""
    found = changes(changed().study, changed(*replacements).study)
    return [f"{change.block}.{change.setting}: {side(change.old)} -> {side(change.new)}" for change in found]


def side(said: Said | None) -> str:
    if said is None:
        return "nothing"
    return said.text if said.line is None else f"{said.text} @{said.line}"


@pytest.mark.parametrize(
    "replacements",
    [
        (),
        (("[16, 32]", "[ 16,\n 32 ]  # comment"),),
        (("  classes     10\n  holdout     500 images\n", "  holdout     500 images\n  classes     10\n"),),
        (("sgd(momentum: 0.8)", "sgd(0.8, nesterov: on)"),),
        (("best 1 by holdout.loss", "per model"),),
        (("lr          0.1\n", "lr          0.1\n  dropout     0\n  clip none\n"),),
        (
            (
                "  figure      optimal_lr of base\n  figure      loss_vs_compute of base",
                "  figure      loss_vs_compute of base\n  figure      optimal_lr of base",
            ),
        ),
    ],
)
def test_wording_is_no_change(changed: Changed, replacements: tuple[tuple[str, str], ...]):
    assert told(changed, *replacements) == []


@pytest.mark.parametrize(
    ("replacement", "expected"),
    [
        (("500 images", "600 images"), ["mnist.holdout: 500 images @4 -> 600 images @4"]),
        (("0.8)", "0.9)"), ["base.optimizer.momentum: 0.8 @18 -> 0.9 @18"]),
        (
            ("0.8)", "0.7, weight_decay: 1)"),
            ["base.optimizer.momentum: 0.8 @18 -> 0.7 @18", "base.optimizer.weight_decay: 0 -> 1 @18"],
        ),
        (
            ("{0.1, 0.2}", "{0.1,\n 0.3} using monotone"),
            ["base.lr.over: {0.1, 0.2} @19 -> {0.1, 0.3} @19", "base.lr.using: grid(extend: 2) -> monotone @20"],
        ),
        (("tune {0.1, 0.2}", "0.1"), ["base.lr: tune {0.1, 0.2} @19 -> 0.1 @19"]),
        (("1e-5)\n", "1e-5)\n  dropout 0.1\n"), ["decayed.dropout: 0 -> 0.1 @24"]),
        (("best 1", "best 2"), ["tuned.start.best: 1 @27 -> 2 @27"]),
        (("figure      optimal_lr of base\n", ""), ["r.figure: optimal_lr of base @36 -> nothing"]),
        (
            ("optimal_lr of base", "optimal_lr of decayed"),
            ["r.figure: optimal_lr of base @36 -> nothing", "r.figure: nothing -> optimal_lr of decayed @36"],
        ),
        (("report r", "report s"), ["r.: report r @35 -> nothing", "s.: nothing -> report s @35"]),
        (
            ("report r {", "hardware r {}\nreport s {"),
            ["r.: report r @35 -> nothing", "r.: nothing -> hardware r @35", "s.: nothing -> report s @36"],
        ),
    ],
)
def test_changes(changed: Changed, replacement: tuple[str, str], expected: list[str]):
    assert told(changed, replacement) == expected


def test_inherited_changes_are_told_once(changed: Changed):
    (change,) = changes(changed().study, changed(("batch       50", "batch       25")).study)
    assert change == Change(
        "pretrain", "base", "batch", Said("50 images", "b.nfx", 16), Said("25 images", "b.nfx", 16), ("decayed",)
    )
    (new,) = changes(changed().study, changed(("eval 32px", "eval 32px\n  dropout 0.1")).study)
    assert (new.block, new.setting, new.heirs) == ("base", "dropout", ("decayed",))


def test_what_is_no_longer_inherited_is_told_of_the_heir(changed: Changed):
    assert told(changed, ("1e-5)\n", "1e-5)\n  batch       25 images\n")) == [
        "decayed.batch: 50 images @16 -> 25 images @24"
    ]


def test_each_change_has_its_opposite(changed: Changed):
    one, other = changed().study, changed(("0.8)", "0.9)"), ("500", "600"), ("report r", "report s")).study
    there, back = changes(one, other), changes(other, one)
    assert {(change.block, change.setting, change.old, change.new) for change in there} == {
        (change.block, change.setting, change.new, change.old) for change in back
    }
