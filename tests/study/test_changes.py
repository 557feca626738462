"""Why a run is done although there is one like it."""

from dataclasses import replace

import pytest

from nfdsl.lower import lower
from nfdsl.run_json import dump
from nfdsl.study.changes import reasons, told
from nfdsl.tables import plan_json

SPEC = """
data digits { source builtin(digits)
  classes 10
  holdout 100 images }
model net { depth [1] * {S: 1, M: 2}
  width [16]
  group_width 8 }
pretrain base { model net
  data digits
  budget 1 epochs
  batch 50 images
  resolution train 16px, eval 16px
  lr 0.1
}
finetune tuned { start base best 1 per model by holdout.loss
  data digits
  budget 1 epochs
  batch 50 images
  resolution train 16px, eval 16px
  lr 0.1
}
"""


@pytest.fixture
def ran(planned, directory):
    """Writes what a call of `nfdsl run` leaves of a spec; of runs without a file all are begun."""

    def ran(text, begun=lambda run: True):
        plan = planned(text)
        directory.path.mkdir(exist_ok=True)
        directory.plan_json.write_text(plan_json(plan, {}, reasons(plan, directory)))
        for run in filter(begun, plan.runs):
            directory.prepare(run.id, dump(lower(run, None)))
        return plan

    return ran


@pytest.fixture
def changed(planned, directory, ran):
    """Returns why runs of the new text would be done after the old one was carried out, by block."""

    def changed(old, new):
        ran(old)
        plan = planned(new)
        because = reasons(plan, directory)
        return {(run.block, because.get(run.id)) for run in plan.runs}

    return changed


def test_nothing_changed(changed):
    commented = SPEC.replace("pretrain base", "# a comment\npretrain base")
    assert changed(SPEC, commented) == {("base", None), ("tuned", None)}


def test_a_setting_and_what_starts_from_those_runs(changed):
    new = SPEC.replace("lr 0.1\n}\nfinetune", "lr 0.2\n}\nfinetune")
    assert changed(SPEC, new) == {
        ("base", "lr changed 0.1 -> 0.2"),
        ("tuned", "the runs it may start from changed"),
    }


def test_a_fine_tune_alone(changed):
    before, fine_tune, after = SPEC.partition("finetune")
    new = before + fine_tune + after.replace("lr 0.1", "lr 0.1\n  sam rho 0.1")
    assert changed(SPEC, new) == {("base", None), ("tuned", "sam changed none -> sam(0.1, 0.2, shard)")}


def test_several_settings(changed):
    new = SPEC.replace("batch 50", "batch 25").replace("resolution train 16px", "resolution train 24px")
    assert ("base", "batch changed 50 -> 25, resolution.train changed 16 -> 24") in changed(SPEC, new)


def test_another_learning_rate_beside_the_others(changed):
    old = SPEC.replace("lr 0.1\n}\nfinetune", "lr tune {0.1, 0.2}\n}\nfinetune")
    new = SPEC.replace("lr 0.1\n}\nfinetune", "lr tune {0.1, 0.2, 0.4}\n}\nfinetune")
    assert ("base", "lr 0.4 is new beside 0.1, 0.2") in changed(old, new)


def test_a_model_or_a_block_that_is_new(changed):
    assert ("base", "model L is new") in changed(SPEC, SPEC.replace("M: 2", "M: 2, L: 3"))
    block = SPEC[SPEC.index("pretrain base") : SPEC.index("finetune")]
    more = block.replace("base", "more").replace("1 epochs", "2 epochs")
    assert ("more", "more is new") in changed(SPEC, SPEC + more)


def test_a_new_budget_of_a_grid(changed):
    old, new = (SPEC.replace("budget 1 epochs", f"budget {grid} epochs by +1", 1) for grid in ("1 .. 2", "1 .. 3"))
    assert ("base", "budget 3 epochs is new") in changed(old, new)


def test_what_was_never_begun_is_no_change(planned, directory, ran):
    ran(SPEC, begun=lambda run: False)
    assert reasons(planned(SPEC.replace("batch 50", "batch 25")), directory) == {}


def test_the_reason_is_kept_until_the_run_is_done(planned, directory, ran):
    ran(SPEC)
    ran(SPEC.replace("batch 50", "batch 25"), begun=lambda run: False)
    plan = planned(SPEC.replace("batch 50", "batch 25"))
    assert set(reasons(plan, directory).values()) >= {"batch changed 50 -> 25"}


def test_an_empty_or_broken_directory_says_nothing(planned, directory):
    assert reasons(planned(SPEC), directory) == {}
    directory.path.mkdir()
    directory.plan_json.write_text("{")
    assert reasons(planned(SPEC), directory) == {}


def test_a_run_json_that_cannot_be_read_is_left_out(planned, directory, ran):
    for run in ran(SPEC).runs:
        directory.run_json(run.id).write_text("{")
    assert reasons(planned(SPEC.replace("batch 50", "batch 25")), directory) == {}


def test_reasons_are_summed_up(sketch):
    one, other, done = sketch.cell("a")
    sketch.runs[1] = replace(sketch.runs[1], block="tuning")
    why = dict.fromkeys((one, other, done), "batch changed 1 -> 2")
    assert told(sketch.plan(), why, [done]) == [
        "would run 1 run of scaling because batch changed 1 -> 2",
        "would run 1 run of tuning because batch changed 1 -> 2",
    ]
