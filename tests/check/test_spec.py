"""Values on the command line: the same checks as in the file, and diagnostics of the same quality."""

from collections.abc import Callable

import pytest

from nfdsl.check.study import Study
from nfdsl.diagnostics import Diagnostic
from nfdsl.schema.training import Pretrain

Checked = Callable[..., Study]
Wrong = Callable[..., Diagnostic]


def base(study: Study) -> Pretrain:
    value = study.blocks["base"].points[0].value
    assert isinstance(value, Pretrain)
    return value


def test_assignments_replace_what_the_file_says(study: Checked):
    checked = study(
        "let rate 0.2\n", "base.batch=25 images", "base.optimizer.weight_decay=1e-5", "base.lr = rate", "rate=0.5"
    )
    assert (base(checked).batch, base(checked).optimizer.weight_decay, base(checked).lr) == (25, 1e-5, 0.5)


def test_assignments_are_inherited(study: Checked):
    checked = study("pretrain p from base { lr 0.3 }\n", "base.seed=7")
    assert {block.points[0].value.seed for name, block in checked.blocks.items() if name in ("p", "base")} == {7}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("assignment", "code", "marked"),
    [
        ("base.batch=64 imags", "unknown-unit", "imags"),
        ("base.batch=64", "wrong-unit", "64"),
        ("base.batch=0 images", "out-of-range", "0 images"),
        ("base.bach=64 images", "unknown-setting", "bach"),
        ("bse.batch=64 images", "unknown-name", "bse"),
        ("base.optimizer.momentun=0.8", "unknown-setting", "momentun"),
        ("base=3", "incomplete-path", "base"),
        ("rat=3", "unknown-name", "rat"),
        ("base.batch", "malformed-set", "base.batch"),
        ("=3", "malformed-set", "=3"),
        ("base.batch=", "missing-value", ""),
        ("base.batch=[64", "unclosed-bracket", ""),
        ("base.batch=64 images;", "stray-character", ";"),
    ],
)
def test_what_is_wrong_is_marked_in_the_assignment(wrong: Wrong, assignment: str, code: str, marked: str):
    found = wrong("let rate 0.2\n", assignment)
    span = found.primary.span
    assert (found.code, span.text) == (code, marked)
    assert span.source.text == assignment
    assert span.source.name == ("--set" if code == "malformed-set" and "=" not in assignment else span.source.name)
    assert span.source.name.startswith("--set")
    assert found.help


def test_a_broken_rule_says_that_the_command_line_set_it(wrong: Wrong):
    found = wrong("", "base.resolution.train=4px")
    assert found.code == "resolution-too-small"
    assert found.primary.text == "resolution.train = 4px (set on the command line)"
