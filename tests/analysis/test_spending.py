import pytest

from nfdsl.analysis.spending import spending, told


def test_runs_count_as_far_as_they_came(record):
    records = [
        record(train_flops=100.0, sam_flops=20.0, tuned=True),
        record(train_flops=100.0, tuned=False, state="diverged", step=5),
        record(train_flops=100.0, tuned=False, state="unneeded", step=0),
    ]
    found = spending(records)
    assert (found.spent, found.others, found.saved, found.unneeded) == (170.0, 50.0, 100.0, 1)
    assert told(records) == (
        "Of 170 training FLOPs spent, 29.4% went into learning rates that were not the best. Tuning settled without "
        "1 run of 100 FLOPs: the study cost 63.0% of its full grid."
    )


def test_without_a_choice_there_is_nothing_to_say(record):
    assert told([record()]) == ""
    assert told([record(state="waiting", step=0, tuned=False)]) == ""


def test_what_is_best_is_not_known_while_a_rate_is_still_to_come(record):
    settled = [record(cell="a", train_flops=100.0), record(cell="a", train_flops=100.0, tuned=False)]
    begun = [record(cell="b", train_flops=100.0, tuned=False), record(cell="b", state="waiting", step=0, tuned=False)]
    alone = [record(cell="c", train_flops=100.0, tuned=False, state="diverged")]
    saved = [record(cell="a", train_flops=100.0, tuned=False, state="unneeded", step=0)]
    so_far = "Of 400 training FLOPs spent so far, 25.0% went into learning rates that were not the best."
    assert told(begun) == ""
    assert told([*settled, *begun, *alone]) == so_far
    assert told([*settled, *begun, *alone, *saved]) == f"{so_far} Tuning settled without 1 run of 100 FLOPs."


@pytest.mark.parametrize("state", ["waiting", "running", "failed"])
def test_every_rate_was_run_only_where_none_is_open(record, state):
    settled = [record(cell="a"), record(cell="a", tuned=False)]
    assert told(settled).endswith("Every learning rate of the grid was run.")
    assert told([*settled, record(cell="b", state=state, step=0)]).endswith("that were not the best.")
