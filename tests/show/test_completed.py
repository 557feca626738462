"""What defaults are added to a value, and that this changes nothing of what it means."""

import pytest

from nfdsl.check.point import Point
from nfdsl.check.values import Evaluator
from nfdsl.schema.data import Data
from nfdsl.schema.report import Report
from nfdsl.schema.setting import settings
from nfdsl.schema.training import Finetune, Pretrain
from nfdsl.show.completed import completed
from nfdsl.source import Source
from nfdsl.syntax import ast
from nfdsl.syntax.parse import parse


@pytest.mark.parametrize(
    ("schema_class", "text", "expected", "added"),
    [
        (Pretrain, "batch 64 images", "64 images", []),
        (Pretrain, "lr 0.1", "0.1", []),
        (Pretrain, "lr {0.1, 0.2}", "{0.1, 0.2}", []),
        (Pretrain, "clip none", "none", []),
        (Pretrain, "clip agc", "agc(ratio: 0.01, eps: 0.001)", ["ratio", "eps"]),
        (Pretrain, "clip (agc)", "(agc(ratio: 0.01, eps: 0.001))", ["ratio", "eps"]),
        (Pretrain, "clip agc()", "agc(ratio: 0.01, eps: 0.001)", ["ratio", "eps"]),
        (Pretrain, "clip agc(eps: 1e-3,)", "agc(eps: 1e-3, ratio: 0.01,)", ["ratio"]),
        (Pretrain, "clip {none, A: agc(0.02)}", "{none, A: agc(0.02, eps: 0.001)}", ["eps"]),
        (Pretrain, "sam 0.05", "0.05, fraction 0.2", ["fraction"]),
        (Pretrain, "sam {0.05, none}", "{sam(0.05, fraction: 0.2), none}", ["fraction"]),
        (Pretrain, "sam rho 0.05 fraction 20%", "rho 0.05 fraction 20%", []),
        (Pretrain, "schedule linear", "linear(warmup: 0 steps)", ["warmup"]),
        (
            Pretrain,
            "optimizer sgd momentum 0.8",
            "sgd momentum 0.8, nesterov on, weight_decay 0",
            ["nesterov", "weight_decay"],
        ),
        (
            Pretrain,
            "lr tune 0.1 .. 0.4 by x2 using monotone",
            "tune 0.1 .. 0.4 by x2 using monotone(trials: 2), minimizing holdout.loss",
            ["trials", "minimizing"],
        ),
        (Finetune, "start p", "p, best 1, per model, by holdout.loss", ["best", "per", "by"]),
        (Report, "figure optimal_lr of p", "optimal_lr of p, fit none", ["fit"]),
        (Data, "source builtin(digits)", "builtin(digits)", []),
    ],
)
def test_what_is_left_out_is_added(schema_class: type, text: str, expected: str, added: list[str]):
    parsed = parse(Source("a.nfx", f"pretrain a {{ {text} }}"))
    (line,) = parsed.file.blocks[0].settings
    assert not isinstance(line.value, ast.Unreadable)
    setting = next(found for found in settings(schema_class) if found.name == line.name.text)
    value = completed(line.value, setting)
    assert (value.text, list(value.added)) == (expected, added)

    again = parse(Source("a.nfx", f"pretrain a {{ {line.name.text} {value.text} }}")).file.blocks[0].settings
    evaluator = Evaluator({"p": "pretrain"}, lambda name: [Point(None)])
    values = [[point.value for point in evaluator.setting(setting, lines)] for lines in ([line], again)]
    assert values[0] == values[1]
