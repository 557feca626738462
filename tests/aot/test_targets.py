"""Tests of what there is to compile, and of what is refused before anything is."""

import re

import pytest

from nfdsl.aot.targets import NoTarget, targets


def test_each_program_is_compiled_once_for_all_its_runs(planned):
    found = targets(planned(), None, None)
    assert [target.program.model for target in found] == ["small", "large"]
    assert [len(target.runs) for target in found] == [4, 4]
    assert {target.hardware.slice for target in found} == {"v4:2x2x1"}


def test_another_slice_makes_other_programs(planned):
    here, there = (targets(planned(), slice_, "large") for slice_ in (None, "v5e:4x4"))
    assert there[0].hardware.slice == "v5e:4x4"
    assert there[0].hardware.chips == 16
    assert all(run.recipe.hardware == there[0].hardware for run in there[0].runs)
    assert here[0].id != there[0].id
    assert [target.program.model for target in there] == ["large"]


def test_a_study_for_another_machine_can_be_compiled_for_a_slice(planned):
    assert targets(planned("cpu"), "tpu_v4:2x2x1", "small")[0].hardware.device == "tpu_v4"


@pytest.mark.parametrize(
    ("device", "slice_", "model", "message"),
    [
        ("cpu", None, None, "small is planned for cpu, and only programs of TPUs are compiled without one"),
        ("tpu_v4", "v4", None, "'v4' is not a slice; write the kind of TPU and its chips along each axis: v4:8x8x8"),
        ("tpu_v4", "v5:2x2", None, "no TPU is called 'v5': there are v3, v4, v5e, v5p, v6e"),
        ("tpu_v4", "v4:4x4x8", None, "a batch of 64 images does not divide over 128 chips; 128 would"),
        ("tpu_v4", None, "Large", "no model of this study is called 'Large'; there are small, large"),
    ],
)
def test_what_cannot_be_compiled_is_said_with_what_can(planned, device, slice_, model, message):
    with pytest.raises(NoTarget, match=f"^{re.escape(message)}"):
        targets(planned(device), slice_, model)
