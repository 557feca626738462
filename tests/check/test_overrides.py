"""Dotted settings: one argument of an inherited word."""

from collections.abc import Callable

import pytest

from nfdsl.check.study import Study
from nfdsl.diagnostics import Diagnostic
from nfdsl.schema.optimizers import SGD
from nfdsl.schema.training import Monotone, Pretrain, Tune

Checked = Callable[..., Study]


def last(study: Study, name: str) -> Pretrain:
    value = study.blocks[name].points[-1].value
    assert isinstance(value, Pretrain)
    return value


PARENT = "pretrain q from base { optimizer %s }\npretrain p from q { %s }\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pretrain p from base { optimizer.momentum 0.5 }\n", SGD(0.5)),
        (PARENT % ("sgd(0.5)", "optimizer.weight_decay 1"), SGD(0.5, True, 1)),
        (PARENT % ("sgd\n optimizer.momentum 0.5", "optimizer.weight_decay 1"), SGD(0.5, True, 1)),
        (PARENT % ("sgd\n optimizer.momentum 0.5", "optimizer.momentum 0.6"), SGD(0.6)),
        (PARENT % ("sgd\n optimizer.momentum 0.5", "optimizer sgd"), SGD()),
    ],
)
def test_what_is_in_force(study: Checked, text: str, expected: SGD):
    assert last(study(text), "p").optimizer == expected


def test_arguments_of_arguments(study: Checked):
    parent = "pretrain q from base { lr tune {0.2, 0.3} using monotone(trials: 1) }\n"
    text = parent + "pretrain p from q { lr.using.trials 2 }\n"
    lr = last(study(text), "p").lr
    assert isinstance(lr, Tune)
    assert lr.using == Monotone(2)


def test_a_required_argument_may_be_given_by_an_override(study: Checked):
    text = "pretrain p from base { resolution train 32px\n resolution.eval 64px }\n"
    assert last(study(text), "p").resolution.eval == 64


def test_every_point_of_a_grid_is_changed(study: Checked):
    text = "pretrain p from base { optimizer {sgd(0.5), sgd(0.6)}\n optimizer.weight_decay 1 }\n"
    assert [point.value.optimizer.weight_decay for point in study(text).blocks["p"].points] == [1, 1]  # type: ignore[union-attr]


def test_the_misspelt_word_is_marked_alone(wrong: Callable[..., Diagnostic]):
    found = wrong("pretrain p from base { optimizer.momentun 0.5 }\n")
    assert (found.primary.span.text, found.fix and found.fix.replacement) == ("momentun", "momentum")
