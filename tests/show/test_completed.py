"""What defaults and overrides are put into a value, and that this changes nothing of what it means."""

from collections.abc import Callable
from typing import Any

import pytest

from nfdsl.schema.blocks import KINDS
from nfdsl.schema.setting import Setting, settings
from nfdsl.show.completed import completed
from nfdsl.source import Source
from nfdsl.syntax import ast
from nfdsl.syntax.parse import parse

Meaning = Callable[[str, str, str], list[Any]]


def read(kind: str, text: str) -> tuple[Setting, ast.Value]:
    """Returns the setting of a kind of block that a line is of, and the line's value."""
    (line,) = parse(Source("a.nfx", f"{kind} a {{ {text} }}")).file.blocks[0].settings
    assert not isinstance(line.value, ast.Unreadable)
    return next(found for found in settings(KINDS[kind][0]) if found.name == line.name.text), line.value


@pytest.mark.parametrize(
    ("kind", "text", "expected", "added"),
    [
        ("pretrain", "batch 64 images", "64 images", []),
        ("pretrain", "lr 0.1", "0.1", []),
        ("pretrain", "lr {0.1, 0.2}", "{0.1, 0.2}", []),
        ("pretrain", "clip none", "none", []),
        ("pretrain", "clip agc", "agc(ratio: 0.01, eps: 0.001)", ["ratio", "eps"]),
        ("pretrain", "clip (agc)", "(agc(ratio: 0.01, eps: 0.001))", ["ratio", "eps"]),
        ("pretrain", "clip agc()", "agc(ratio: 0.01, eps: 0.001)", ["ratio", "eps"]),
        ("pretrain", "clip agc(eps: 1e-3,)", "agc(eps: 1e-3, ratio: 0.01,)", ["ratio"]),
        ("pretrain", "clip {none, A: agc(0.02)}", "{none, A: agc(0.02, eps: 0.001)}", ["eps"]),
        ("pretrain", "sam 0.05", "0.05, fraction 0.2, over shard", ["fraction", "over"]),
        ("pretrain", "sam {0.05, none}", "{sam(0.05, fraction: 0.2, over: shard), none}", ["fraction", "over"]),
        ("pretrain", "sam rho 0.05 fraction 20%", "rho 0.05 fraction 20%, over shard", ["over"]),
        ("pretrain", "schedule linear", "linear(warmup: 0 steps)", ["warmup"]),
        (
            "pretrain",
            "optimizer sgd momentum 0.8",
            "sgd momentum 0.8, nesterov on, weight_decay 0, head_decay none",
            ["nesterov", "weight_decay", "head_decay"],
        ),
        (
            "pretrain",
            "lr tune 0.1 .. 0.4 by x2 using monotone",
            "tune 0.1 .. 0.4 by x2 using monotone(trials: 2, extend: 2), minimizing holdout.loss",
            ["using.trials", "using.extend", "minimizing"],
        ),
        ("finetune", "start the_pretrain", "the_pretrain, best 1, per model, by holdout.loss", ["best", "per", "by"]),
        ("report", "figure optimal_lr of the_pretrain", "optimal_lr of the_pretrain, fit none", ["fit"]),
        ("data", "source builtin(digits)", "builtin(digits)", []),
    ],
)
def test_what_is_left_out_is_added(meaning: Meaning, kind: str, text: str, expected: str, added: list[str]):
    setting, value = read(kind, text)
    found = completed(value, setting, {})
    assert (found.text, list(found.defaults), list(found.overridden)) == (expected, added, [])
    assert meaning(kind, setting.name, found.text) == meaning(kind, setting.name, value.span.text)


@pytest.mark.parametrize(
    ("text", "overrides", "expected", "defaults", "overridden"),
    [
        (
            "optimizer sgd(0.8, weight_decay: 1e-6)",
            {"weight_decay": "1e-5"},
            "sgd(0.8, weight_decay: 1e-5, nesterov: on, head_decay: none)",
            ["nesterov", "head_decay"],
            ["weight_decay"],
        ),
        (
            "optimizer sgd",
            {"momentum": "{0.8, 0.9}"},
            "sgd(momentum: {0.8, 0.9}, nesterov: on, weight_decay: 0, head_decay: none)",
            ["nesterov", "weight_decay", "head_decay"],
            ["momentum"],
        ),
        (
            "sam rho 0.1",
            {"fraction": "0.3", "rho": "0.2"},
            "rho 0.2, fraction 0.3, over shard",
            ["over"],
            ["rho", "fraction"],
        ),
        (
            "lr tune 0.1 .. 0.4 by x2 using monotone",
            {"using.trials": "3"},
            "tune 0.1 .. 0.4 by x2 using monotone(trials: 3, extend: 2), minimizing holdout.loss",
            ["using.extend", "minimizing"],
            ["using.trials"],
        ),
        (
            "lr tune {0.1}",
            {"using": "monotone trials 3"},
            "tune {0.1}, minimizing holdout.loss, using monotone(trials: 3)",
            ["minimizing"],
            ["using"],
        ),
        (
            "clip {none, agc(0.02), agc}",
            {"eps": "0.1"},
            "{none, agc(0.02, eps: 0.1), agc(ratio: 0.01, eps: 0.1)}",
            ["ratio"],
            ["eps"],
        ),
        ("optimizer other.optimizer", {"momentum": "0.8"}, "other.optimizer", [], []),
    ],
)
def test_what_other_lines_override_is_put_in(
    text: str, overrides: dict[str, str], expected: str, defaults: list[str], overridden: list[str]
):
    setting, value = read("pretrain", text)
    found = completed(value, setting, {path: read("pretrain", f"lr {text}")[1] for path, text in overrides.items()})
    assert (found.text, list(found.defaults), list(found.overridden)) == (expected, defaults, overridden)
