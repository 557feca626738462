"""Values of the schema survive being written down."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as settings_of_test
from hypothesis import strategies as st

from nfdsl.schema.augmentation import Augment
from nfdsl.schema.averages import EMA
from nfdsl.schema.data import ArrayRecord, Data, Dedup
from nfdsl.schema.hardware import Hardware
from nfdsl.schema.model import NFNet
from nfdsl.schema.optimizers import AGC, SGD
from nfdsl.schema.report import Figure
from nfdsl.schema.schedules import Cosine, Linear
from nfdsl.schema.setting import Setting, settings
from nfdsl.schema.training import SAM, Monotone, Pretrain, Tune
from nfdsl.schema.units import Dimension, quantity
from nfdsl.show.written import Writer, docstring, quoted
from nfdsl.source import Source
from nfdsl.syntax.parse import parse

Meaning = Callable[[str, str, str], list[Any]]
KINDS = {Pretrain: "pretrain", NFNet: "model", Data: "data"}


def setting(schema_class: type, name: str) -> Setting:
    return next(found for found in settings(schema_class) if found.name == name)


VALUES = [
    (Pretrain, "clip", None, "none"),
    (Pretrain, "clip", AGC(0.01), "agc(ratio: 0.01, eps: 0.001)"),
    (Pretrain, "sam", SAM(), "rho 0.05, fraction 0.2, over shard"),
    (Pretrain, "augment", Augment(flip=False), "area 0.08, aspect 4 / 3, flip off, repeat 1"),
    (
        Pretrain,
        "optimizer",
        SGD(weight_decay=1e-5),
        "sgd(momentum: 0.9, nesterov: on, weight_decay: 1e-05, head_decay: none)",
    ),
    (Pretrain, "schedule", Linear(quantity(Fraction(1, 4), Dimension.EPOCHS)), "linear(warmup: 0.25 epochs)"),
    (Pretrain, "schedule", Cosine(quantity(Fraction(1, 3), Dimension.EPOCHS)), "cosine(warmup: 1 epochs / 3)"),
    (Pretrain, "average", EMA(0.9), "ema(decay: 0.9, warmup: on)"),
    (Pretrain, "budget", quantity(4 * 10**9, Dimension.IMAGES), "4_000_000_000 images"),
    (Pretrain, "lr", 1.0, "1"),
    (Pretrain, "lr", 1e22, "1e+22"),
    (Pretrain, "lr", 100000.05, "100000.05"),
    (Pretrain, "lr", Tune((0.1, 0.2), using=Monotone(3)), None),
    (Pretrain, "batch", 4096, "4096 images"),
    (NFNet, "depth", (1, 2), "[1, 2]"),
    (NFNet, "activation", "relu", "relu"),
    (Data, "dedup", Dedup(excluding="near"), 'against none, excluding "near"'),
    (Data, "source", ArrayRecord('a"\\\n*'), 'array_record("a\\"\\\\\\n*")'),
]


@pytest.mark.parametrize(("schema_class", "name", "value", "text"), VALUES)
def test_what_is_written_means_the_value(meaning: Meaning, schema_class: type, name: str, value: Any, text: str | None):
    wanted = setting(schema_class, name)
    written = Writer().written(value, wanted)
    assert text is None or written == text
    assert meaning(KINDS[schema_class], name, written) == [value]


@settings_of_test(deadline=None)
@given(st.fractions(min_value=Fraction(1, 10**4), max_value=10**6, max_denominator=10**4))
def test_amounts_are_exact(meaning: Meaning, amount: Fraction):
    value = quantity(amount, Dimension.EPOCHS)
    assert meaning("pretrain", "budget", Writer().written(value, setting(Pretrain, "budget"))) == [value]


@settings_of_test(deadline=None)
@given(st.floats(min_value=1e-30, max_value=1e30))
def test_floats_are_exact(meaning: Meaning, lr: float):
    assert meaning("pretrain", "lr", Writer().written(lr, setting(Pretrain, "lr"))) == [lr]


def test_a_block_is_written_by_its_name():
    wanted = setting(Pretrain, "hardware")
    assert Writer({Hardware(): "mine"}).written(Hardware(), wanted) == "mine"
    assert Writer().written(Hardware(), wanted).startswith("hardware(device: cpu, ")


def test_names_of_blocks_are_no_strings():
    assert Writer().written("scaling", setting(Figure, "of")) == "scaling"


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_a_text_about_a_study_survives(text: str):
    text = text.replace("\r\n", "\n")
    parsed = parse(Source("a.nfx", docstring(text)))
    assert not parsed.diagnostics
    assert parsed.file.docstring is not None
    assert parsed.file.docstring.text == text


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_quoted_text_is_one_line(text: str):
    assert "\n" not in quoted(text)
