from nfdsl.analysis.spending import spending, told


def test_runs_count_as_far_as_they_came(record):
    records = [
        record(train_flops=100.0, sam_flops=20.0, tuned=True),
        record(train_flops=100.0, tuned=False, state="diverged", step=5),
        record(train_flops=100.0, tuned=False, state="unneeded", step=0),
    ]
    found = spending(records)
    assert (found.best, found.others, found.saved, found.unneeded) == (120.0, 50.0, 100.0, 1)
    assert told(records) == (
        "Of 170 training FLOPs spent, 29.4% went into learning rates that were not the best. Tuning settled without "
        "1 run of 100 FLOPs: the study cost 63.0% of its full grid."
    )


def test_without_a_choice_there_is_nothing_to_say(record):
    assert told([record()]) == ""
    assert told([record(state="waiting", step=0, tuned=False)]) == ""
