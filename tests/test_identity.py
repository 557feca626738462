"""Ids follow content: wording does not change them, every setting does."""

from dataclasses import dataclass, replace
from fractions import Fraction

from nfdsl.identity import digest
from nfdsl.schema.optimizers import SGD
from nfdsl.schema.schedules import Cosine, Linear
from nfdsl.schema.units import Dimension, quantity


@dataclass(frozen=True)
class Pair:
    first: int
    second: float = 1.0


def test_an_id_is_pinned_for_ever():
    assert digest(Pair(1), "x", None) == "fada52218654"


def test_defaults_count_as_written():
    assert digest(SGD()) == digest(SGD(momentum=0.9, nesterov=True, weight_decay=0.0))


def test_every_setting_counts():
    base = SGD()
    others = [replace(base, momentum=0.8), replace(base, nesterov=False), replace(base, weight_decay=1e-6)]
    assert len({digest(sgd) for sgd in [base, *others]}) == 4


def test_a_setting_that_is_none_is_as_if_there_were_no_such_word():
    @dataclass(frozen=True)
    class Pair:
        first: int
        second: float = 1.0
        learned_later: int | None = None

    assert digest(Pair(1), "x", None) == "fada52218654"
    assert digest(Pair(1, learned_later=0), "x", None) != "fada52218654"


def test_the_class_counts():
    assert digest(Cosine()) != digest(Linear())


def test_the_unit_of_an_amount_counts_but_not_its_wording():
    assert digest(quantity(Fraction(2, 2), Dimension.EPOCHS)) == digest(quantity(1, Dimension.EPOCHS))
    assert digest(quantity(1, Dimension.EPOCHS)) != digest(quantity(1, Dimension.STEPS))
