"""Types, ranges and defaults in the words of a reader."""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import pytest

from nfdsl.reference import wording
from nfdsl.schema.averages import EMA
from nfdsl.schema.data import Data
from nfdsl.schema.hardware import Hardware
from nfdsl.schema.optimizers import SGD
from nfdsl.schema.setting import Setting, setting, settings
from nfdsl.schema.training import Grid
from nfdsl.schema.units import Dimension, Quantity, quantity


@dataclass(frozen=True)
class Sample:
    """Settings of every kind."""

    word: ClassVar[str] = "sample"
    required: int = setting("", at_least=1, below=10)
    amount: Quantity = setting("", default=quantity(2, Dimension.STEPS), unit=(Dimension.STEPS, Dimension.EPOCHS))
    share: float = setting("", default=4 / 3)
    switch: bool = setting("", default=False)
    choice: Literal["a", "b", "c"] = setting("", default="a")
    ema: EMA | None = setting("", default=None)
    shape: tuple[int, ...] = setting("", default=(2, 4))
    rates: tuple[float, ...] = setting("", default=(0.1,), collects=True)
    many: tuple[Grid, ...] = setting("", default=())
    hardware: Hardware = setting("", default=Hardware())
    data: Data | None = setting("", default=None)
    path: str = setting("", default="x")
    block: str = setting("", default="x", names=("pretrain", "finetune"))


@pytest.mark.parametrize(
    ("name", "value", "default"),
    [
        ("required", "whole number", "*required*"),
        ("amount", "number of [steps](#units) or [epochs](#units)", "`2 steps`"),
        ("share", "number", "`4/3`"),
        ("switch", "`on` or `off`", "`off`"),
        ("choice", "`a`, `b` or `c`", "`a`"),
        ("ema", "[ema](#ema) or `none`", "`none`"),
        ("shape", "list of whole numbers", "`[2, 4]`"),
        ("rates", "grid of numbers", "`[0.1]`"),
        ("many", "[grid](#grid), on any number of lines", "none"),
        ("hardware", "name of a [hardware](#hardware) block", "a [hardware](#hardware) of defaults"),
        ("data", "name of a [data](#data) block or `none`", "`none`"),
        ("path", "text", "`x`"),
        ("block", "name of a [pretrain](#pretrain) or [finetune](#finetune) block", "`x`"),
    ],
)
def test_a_setting(name: str, value: str, default: str):
    (found,) = (setting for setting in settings(Sample) if setting.name == name)
    assert (wording.value(found), wording.default(found)) == (value, default)


def test_ranges():
    by_name: dict[str, Setting] = {setting.name: setting for setting in settings(Sample)}
    assert wording.admitted(by_name["required"].description) == "at least 1, below 10"
    assert wording.admitted(by_name["share"].description) == ""


@pytest.mark.parametrize(
    ("schema_class", "call"),
    [
        (SGD, "sgd(momentum: 0.9, nesterov: on, weight_decay: 0, head_decay: none)"),
        (Grid, "grid(extend: 2)"),
        (EMA, "ema(decay: 0.9999, warmup: on)"),
    ],
)
def test_a_word_with_its_arguments(schema_class: Any, call: str):
    assert wording.call(schema_class) == call
