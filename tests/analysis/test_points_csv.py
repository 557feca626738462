import numpy as np
import pytest

from nfdsl.analysis.points import FitError
from nfdsl.analysis.points_csv import read_points


@pytest.fixture
def table(tmp_path):
    """Returns a function from the text of a table to its path."""

    def table(text):
        path = tmp_path / "points.csv"
        path.write_text(text)
        return path

    return table


def test_compute_is_read_or_worked_out_from_multiply_adds(table):
    read = read_points(table("compute,loss\n1e12,3\n1e13,2\n")).points
    assert read.compute.tolist() == [1e12, 1e13]
    assert not read.sized
    macs = read_points(table("macs_per_image,examples,loss\n1e9,1000,3\n2e9,1_000,2\n")).points
    assert macs.compute.tolist() == [6e12, 1.2e13]
    assert macs.size_name == "macs_per_image"
    dense = read_points(table("params,examples,loss\n1e9,1000,3\n")).points
    assert (dense.compute.tolist(), dense.size_name) == ([6e12], "params")


def test_other_columns_and_spaces_do_not_matter(table):
    assert len(read_points(table("model, compute, loss\nF0, 1e12, 3\n\nF1, 1e13, 2\n")).points) == 2


def test_rows_without_a_loss_are_left_out_and_counted(table):
    read = read_points(table("compute,loss\n1e12,3\n1e13,\n1e14,nan\n"))
    assert len(read.points) == 1
    assert read.notes == (
        "1 row without a loss left out: not finished.",
        "1 of 2 points left out: all its runs diverged.",
    )


TUNED = """macs_per_image,examples,lr,loss
1e9,1000,0.1,3.1
1e9,1000,0.2,3.0
1e9,1000,0.4,3.2
1e9,2000,0.1,2.6
1e9,2000,0.2,2.5
1e9,2000,0.4,2.4
"""


def test_of_several_learning_rates_the_best_counts_and_the_others_are_rivals(table):
    read = read_points(table(TUNED))
    assert read.points.loss.tolist() == [3.0]
    assert read.points.rivals == pytest.approx(np.log([[3.1 / 3.0, 3.2 / 3.0]]))
    assert read.notes[0].startswith("1 of 2 points left out: the best learning rate is the end of its grid")


@pytest.mark.parametrize("diverged", ["inf,done", "nan,done", "NaN,", ",diverged", "9.9,Diverged"])
def test_a_learning_rate_that_diverged_is_worse_than_the_best_beside_it(table, diverged):
    text = f"compute,lr,loss,state\n1e12,0.1,3.1,done\n1e12,0.2,3.0,done\n1e12,0.4,{diverged}\n"
    read = read_points(table(text))
    assert (read.points.loss.tolist(), read.notes) == ([3.0], ())
    assert read.points.rivals == pytest.approx(np.log([[3.1 / 3.0]]))


def test_a_learning_rate_that_diverged_with_one_seed_is_not_the_best(table):
    seeds = "1e12,0.05,0,3.2\n1e12,0.1,0,3.0\n1e12,0.1,1,3.1\n1e12,0.2,0,2.0\n1e12,0.2,1,inf\n"
    assert read_points(table(f"compute,lr,seed,loss\n{seeds}")).points.loss.tolist() == [pytest.approx(3.05)]


BATCHES = """batch,compute,lr,loss,top1
64,1e12,0.1,2.2,0.1
64,1e12,0.2,2.0,0.2
64.0,1e12,0.4,2.3,0.3
128,1e12,0.1,2.9,0.4
128,1e12,0.2,2.6,0.5
128,1e12,0.4,3.0,0.6
"""


@pytest.mark.parametrize("result", ["top1", "reassessed", "10-shot"])
def test_rows_that_differ_in_more_than_rate_seed_and_results_are_points_of_their_own(table, result):
    read = read_points(table(BATCHES.replace("top1", result)))
    assert (read.points.loss.tolist(), read.notes) == ([2.0, 2.6], ())
    assert read.points.rivals == pytest.approx(np.log([[2.2 / 2.0, 2.3 / 2.0], [2.9 / 2.6, 3.0 / 2.6]]))


def test_a_column_that_keeps_all_learning_rates_apart_is_named(table):
    read = read_points(table(BATCHES.replace("top1", "accuracy")))
    assert len(read.points) == 6
    assert read.notes[0].startswith("No two rows are alike in all but lr: those of one budget differ in accuracy and")


def test_a_law_through_several_blocks_of_a_study_says_so(table):
    read = read_points(table("block,compute,loss\nbefore,1e12,2\nbefore,1e13,1\nafter,1e12,3\n"))
    assert read.notes == ("One law goes through the rows of 2 blocks: before and after.",)


def test_censored_optima_can_be_kept(table):
    read = read_points(table(TUNED), keep_censored=True)
    assert read.points.loss.tolist() == [3.0, 2.4]
    assert read.notes == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "points.csv is empty."),
        ("compute,error\n1,2\n", "has no column loss; its columns are compute and error"),
        ("params,loss\n1,2\n", "has no column compute, nor macs_per_image"),
        (
            "compute,loss\n1e12,3\n1e13,0\n1e14,-1\n",
            "above 0, and there is 0 in line 3 and -1 in line 4.*1 remain, too few",
        ),
        ("compute,loss\n1,3\n2,2\n3,1.5\n4,0\n", r"Without such rows 3 remain, enough for power and envelope\."),
        ("compute,loss\n0,3\n", "Every compute must be a number above 0, and there is 0 in line 2"),
        ("compute,loss\n1e12,three\n", "Line 2 has 'three' as loss, which is not a number"),
    ],
)
def test_what_is_wrong_with_a_table_is_said(table, text, says):
    with pytest.raises(FitError, match=says):
        read_points(table(text))


def test_a_table_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FitError, match=r"none\.csv cannot be read"):
        read_points(tmp_path / "none.csv")


SEEDED = """compute,lr,seed,loss
1e12,0.1,0,3.0
1e12,0.1,1,3.4
1e12,0.2,0,2.9
1e12,0.2,1,2.7
1e12,0.4,0,2.5
1e12,0.4,1,3.3
"""


def test_rows_that_differ_in_seed_alone_are_one_run_of_their_mean(table):
    read = read_points(table(SEEDED)).points
    assert read.loss.tolist() == [pytest.approx(2.8)]
    assert read.seeds.tolist() == [2]
    assert read.deviation == pytest.approx([0.1 * 2**0.5])
    assert read.rivals == pytest.approx(np.log([[2.9 / 2.8, 3.2 / 2.8]]))
    single = read_points(table("compute,seed,loss\n1e12,0,3\n1e12,1,2\n1e13,0,1\n")).points
    assert (single.loss.tolist(), single.seeds.tolist()) == ([2.5, 1.0], [2, 1])


def test_rows_of_one_learning_rate_without_a_seed_are_rivals_that_do_not_hide_its_edge(table):
    with_variants = TUNED.replace("0.4,2.4", "0.4,2.4\n1e9,2000,0.4,2.6")
    assert read_points(table(with_variants)).points.loss.tolist() == [3.0]


def test_a_column_says_whether_an_optimum_is_censored(table):
    lines = TUNED.splitlines()
    flags = ("censored", *["True"] * 3, *["False"] * 3)
    stated = "\n".join(f"{line},{flag}" for line, flag in zip(lines, flags, strict=True))
    assert read_points(table(stated)).points.loss.tolist() == [2.4]
