"""Runs as rows of CSV files."""

from dataclasses import replace

from nfdsl.analysis.replicates import averaged
from nfdsl.analysis.run_numbers import all_runs


def test_what_else_was_measured_has_columns_behind_all_others(record):
    numbers = all_runs([record(id="a", accuracies={"1-shot": 0.25, "5-shot": 0.5}), record(id="b")])
    assert numbers.headings[-2:] == ("1-shot", "5-shot")
    assert [row[-2:] for row in numbers.rows] == [(0.25, 0.5), (None, None)]


def test_there_are_no_such_columns_where_nothing_else_was_measured(record):
    assert not any("shot" in heading for heading in all_runs([record()]).headings)


def test_seeds_share_the_mean_of_what_else_was_measured(replicates):
    runs = [
        replace(run, accuracies={"1-shot": 0.25 * place}) for place, run in enumerate(replicates([1.0, 1.1]), start=1)
    ]
    (merged,) = averaged(runs)
    assert merged.accuracies == {"1-shot": 0.375}
