"""Names of values: what they stand for, and that a grid with a name is one grid."""

from collections.abc import Callable
from fractions import Fraction

import pytest

from nfdsl.check.references import levels
from nfdsl.check.study import Study
from nfdsl.diagnostics import Diagnostic
from nfdsl.schema.optimizers import SGD
from nfdsl.schema.training import Pretrain
from nfdsl.source import Source
from nfdsl.syntax import ast
from nfdsl.syntax.parse import parse

Checked = Callable[..., Study]
Wrong = Callable[..., Diagnostic]


def pretrains(study: Study, name: str = "p") -> list[Pretrain]:
    return [point.value for point in study.blocks[name].points if isinstance(point.value, Pretrain)]


def test_a_named_grid_is_one_grid_however_often_it_is_used(study: Checked):
    checked = study(
        "let b {25, 50}\npretrain p from base { batch b * 1 images\n schedule cosine(warmup: b * 2 steps) }\n"
    )
    assert [(p.batch, p.schedule.warmup.amount) for p in pretrains(checked)] == [(25, 50), (50, 100)]
    labels = [dict(point.labels) for point in checked.blocks["p"].points]
    assert labels == [{"data": "mnist", "batch": batch, "model": "net"} for batch in ("25", "50")]


def test_grids_written_out_multiply(study: Checked):
    checked = study("pretrain p from base { seed {1, 2}\n dropout {0, 0.5} }\n")
    assert len(pretrains(checked)) == 4


def test_a_grid_derived_from_a_named_one_goes_with_it(study: Checked):
    checked = study("let a {1, 2}\nlet b a * {10, 100}\npretrain p from base { seed a\n batch b * 1 images }\n")
    assert {(p.seed, p.batch) for p in pretrains(checked)} == {(1, 10), (1, 100), (2, 20), (2, 200)}


def test_a_named_grid_joins_blocks_too(study: Checked):
    text = "let size {S: 1, M: 2}\nmodel m from net { depth [1, 1] * size\n width [16, 32] * size }\n"
    checked = study(text + "pretrain p from base { model m\n batch 25 images * size }\n")
    assert [(p.model.depth, p.model.width, p.batch) for p in pretrains(checked)] == [
        ((1, 1), (16, 32), 25),
        ((2, 2), (32, 64), 50),
    ]
    assert [dict(point.labels)["model"] for point in checked.blocks["p"].points] == ["S", "M"]


def test_points_with_and_without_part_in_a_grid_are_joined(study: Checked):
    checked = study("let a {1, 2}\npretrain p from base { seed {a, 9}\n dropout a / 10 }\n")
    assert sorted((p.seed, p.dropout) for p in pretrains(checked)) == [(1, 0.1), (2, 0.2), (9, 0.1), (9, 0.2)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("batch base.batch / 2", 25),
        ("batch q.batch / 2", 16),
        ("batch q.optimizer.momentum * 100 images", 70),
        ("batch q.optimizer.weight_decay * 50 images", 100),
        ("batch base.optimizer.momentum * 100 images", 90),  # a default
        ("batch q.dropout * 100 images", 10),  # of a float, exact all the same
        ("batch q.schedule.warmup / 1 steps * 3 images", 30),
    ],
)
def test_values_of_other_blocks(study: Checked, text: str, expected: int):
    other = "pretrain q from base { batch 32 images\n dropout 0.1\n optimizer sgd(0.7)\n optimizer.weight_decay 2\n"
    checked = study(f"{other} schedule cosine(warmup: 10 steps) }}\npretrain p from base {{ {text} }}\n")
    assert [p.batch for p in pretrains(checked)] == [expected]


def test_a_whole_word_comes_with_what_its_block_overrides(study: Checked):
    text = "pretrain q from base { optimizer.weight_decay 1e-5 }\npretrain p from base { optimizer q.optimizer\n"
    assert pretrains(study(text + "}\n"))[0].optimizer == SGD(weight_decay=1e-5)
    assert pretrains(study(text + "optimizer.momentum 0.5 }\n"))[0].optimizer == SGD(0.5, weight_decay=1e-5)


def test_decimals_do_not_drift(study: Checked):
    checked = study("let third 1 / 3\npretrain p from base { budget 0.1 epochs + 0.2 epochs\n lr third * 3 * 0.1 }\n")
    (p,) = pretrains(checked)
    assert p.budget.amount == Fraction(3, 10)
    assert p.lr == 0.1


def test_a_wrong_value_is_shown_with_the_place_that_uses_it(wrong: Wrong):
    found = wrong("let warm 5 epochs\npretrain p from base { batch warm }\n")
    assert (found.code, found.primary.span.text) == ("wrong-unit", "5 epochs")
    assert [(label.span.text, label.text) for label in found.secondary] == [("warm", "`warm` is used here")]


def test_a_circle_is_shown_whole_and_once(wrong: Wrong):
    found = wrong("let a b\nlet b p.seed\npretrain p from base { seed a }\n")
    assert found.code == "reference-cycle"
    assert {label.span.text for label in found.secondary} == {"a", "b", "seed"}


def test_chains_are_as_long_as_they_can_be_followed(study: Checked, wrong: Wrong):
    def chain(length: int) -> str:
        lets = "".join(f"let a{number} a{number + 1}\n" for number in range(length))
        return f"pretrain p from base {{ seed a0 }}\n{lets}let a{length} 3\n"

    assert pretrains(study(chain(50)))[0].seed == 3
    assert wrong(chain(500)).code == "nesting-too-deep"


def test_levels():
    (block,) = parse(Source("a.nfx", "a b { x [1, f(y: {2 * -3})] }")).file.blocks
    value = block.settings[0].value
    assert not isinstance(value, ast.Unreadable)
    assert levels(value) == 6
