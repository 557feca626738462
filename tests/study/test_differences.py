"""What sets two runs apart, in the spec's words."""

from dataclasses import replace

import pytest

from nfdsl.lower import lower
from nfdsl.schema.augmentation import Augment
from nfdsl.schema.hardware import Hardware
from nfdsl.schema.optimizers import AGC, SGD
from nfdsl.schema.run import Length, Weights
from nfdsl.schema.schedules import Linear
from nfdsl.schema.training import SAM
from nfdsl.study.differences import differences


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"batch": 20}, ["batch changed 10 -> 20"]),
        (
            {"optimizer": SGD(0.8, False)},
            ["optimizer.momentum changed 0.9 -> 0.8", "optimizer.nesterov changed on -> off"],
        ),
        ({"clip": AGC()}, ["clip changed none -> agc(0.01, 0.001)"]),
        ({"schedule": Linear()}, ["schedule changed cosine(0 steps) -> linear(0 steps)"]),
        ({"augment": Augment(repeat=4)}, ["augment.repeat changed 1 -> 4"]),
        ({"hardware": Hardware(device="tpu_v4")}, []),
        ({"hardware": Hardware(topology=(2, 4))}, []),
    ],
)
def test_settings_of_the_recipe(sketch, changes, said):
    sketch.cell("a", (0.1,))
    old = lower(sketch.runs[0], None)
    assert list(differences(old, replace(old, recipe=replace(old.recipe, **changes)))) == said


def test_what_a_file_of_weights_holds(sketch):
    sketch.cell("a", (0.1,))
    old = replace(lower(sketch.runs[0], None), weights=Weights("/w.npz", "0123456789"))
    assert list(differences(old, replace(old, weights=Weights("/w.npz", "98765432ab")))) == [
        "what start.file holds changed 01234567 -> 98765432"
    ]
    assert list(differences(old, replace(old, weights=Weights("/elsewhere/w.npz", "0123456789")))) == []


def test_hardware_makes_a_run_another_where_sam_ascends_on_each_chip(sketch):
    sketch.cell("a", (0.1,))
    of_sketch = lower(sketch.runs[0], None)
    old, new = (
        replace(of_sketch, recipe=replace(of_sketch.recipe, sam=SAM(), hardware=Hardware(topology=topology)))
        for topology in ((1,), (2, 4))
    )
    assert list(differences(old, new)) == ["sam changed 1 -> 8 parts of the batch"]


def test_model_budget_and_warmup(sketch):
    sketch.cell("a", (0.1,))
    old = lower(sketch.runs[0], None)
    new = replace(old, model=replace(old.model, depth=(1, 2)), length=Length(2000, 200, 10), lr=0.2, start="x", id="y")
    assert list(differences(old, new)) == [
        "model.depth changed [1] -> [1, 2]",
        "budget changed 100 -> 2,000 images",
        "schedule.warmup changed 0 -> 10 steps",
    ]
