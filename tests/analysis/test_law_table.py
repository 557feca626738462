from nfdsl.analysis.law_table import law_numbers, law_table, laws


def block(record, computes, losses):
    """Returns tuned runs of these amounts of compute."""
    return [
        record(id=f"{compute:g}", cell=f"{compute:g}", train_flops=compute, holdout_loss=loss)
        for compute, loss in zip(computes, losses, strict=True)
    ]


def test_four_runs_with_scatter_have_both_laws(record):
    found = laws((), block(record, (1e9, 2e9, 4e9, 8e9), (2.0, 1.5, 1.0, 0.8)))
    assert law_table(found).count("<tr>") == 1 + 2 + 3
    assert [row[1:3] for row in law_numbers(found).rows] == [
        *(("power", name) for name in "ab"),
        *(("saturating", name) for name in "abc"),
    ]


def test_a_law_that_cannot_be_found_says_why_and_leaves_the_others(record):
    found = laws((), block(record, (1.0, 1e100, 1e200, 1e300), (2.0, 1.5, 1.4, 1.0)))
    text = law_table(found)
    assert text.count("<tr>") == 1 + 2
    assert "too far from a law of this form" in text
