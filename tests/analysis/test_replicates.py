import pytest

from nfdsl.analysis.fit import fit
from nfdsl.analysis.laws import fitted, law_of, study_points
from nfdsl.analysis.rates import optima
from nfdsl.analysis.replicates import averaged, counted, explained, noted, runs


@pytest.fixture
def grid(replicates):
    """Returns a function from the losses of each learning rate's seeds to the runs of one budget."""

    def grid(rates, **special):
        return [
            run
            for lr, losses in rates.items()
            for run in replicates(losses, **{"id": f"run@{lr}", "lr": lr, "tuned": False, **special})
        ]

    return grid


def test_seeds_are_one_run_of_their_mean_and_standard_deviation(replicates):
    (mean,) = averaged(replicates([1.0, 2.0, 3.0], labels={"model": "S", "budget": "1 epochs"}))
    assert (mean.holdout_loss, mean.loss_deviation) == (2.0, 1.0)
    assert mean.labels == {"model": "S", "budget": "1 epochs"}
    assert (mean.id, mean.state, mean.top1_deviation) == ("run#0", "done", 0.0)
    assert noted(mean, "1.0") == " (mean of 3 seeds, standard deviation 1.0)"
    assert explained([mean]) == "Points are means over 3 seeds, bars one standard deviation to either side."


def test_a_run_without_replicates_stays_as_it_is(record):
    run = record()
    assert averaged(runs([run])) == (run,)
    assert (run.members[0].id, run.loss_deviation, noted(run, ""), counted([run])) == ("run", None, "", "")


def test_seeds_that_are_not_done_are_in_no_mean(replicates):
    (mean,) = averaged(replicates([1.0, None, 3.0]))
    assert (mean.holdout_loss, len(mean.done), mean.state) == (2.0, 2, "waiting")
    (single,) = averaged(replicates([None, 3.0]))
    assert (single.holdout_loss, single.loss_deviation, noted(single, "")) == (3.0, None, " (1 seed of 2)")
    assert counted([mean, single]) == "1 to 2"
    (none,) = averaged(replicates([None, None]))
    assert (none.holdout_loss, none.tuned) == (None, False)


def test_the_learning_rate_of_the_lowest_mean_is_the_best(grid):
    """The first seed alone would choose 0.4, the second 0.1."""
    means = averaged(grid({0.1: [1.5, 1.0], 0.2: [1.1, 1.1], 0.4: [1.0, 1.6]}))
    assert [mean.tuned for mean in means] == [False, True, False]
    assert len({mean.cell for mean in means}) == 1
    (optimum,) = optima(means)
    assert (optimum.record.lr, optimum.edge) == (0.2, None)


def test_a_rate_that_fewer_seeds_have_tried_is_not_the_best(grid):
    means = averaged(grid({0.1: [1.2, 1.2], 0.2: [1.1, 1.1], 0.4: [0.5, None]}))
    assert [mean.tuned for mean in means] == [False, True, False]
    (optimum,) = optima(means)
    assert (optimum.record.lr, optimum.optimum.tried, optimum.settled) == (0.2, 0.2, False)


def test_a_rate_that_diverges_with_some_seed_is_not_the_best(grid, replicates):
    survived, died = replicates([0.5, None], id="run@0.4", lr=0.4)
    means = averaged([*grid({0.1: [1.2, 1.2], 0.2: [1.1, 1.1]}), survived, _diverged(died)])
    assert [mean.tuned for mean in means] == [False, True, False]
    (optimum,) = optima(means)
    assert optimum.edge is None  # the divergence bounds it


def _diverged(run):
    return type(run)(**{**vars(run), "state": "diverged"})


def test_a_law_goes_through_means_and_takes_the_scatter_of_seeds_as_noise(replicates):
    runs = [
        run
        for compute in (1e12, 1e13, 1e14, 1e15)
        for run in replicates(
            [40 * compute**-0.1 * factor for factor in (0.9, 1.0, 1.1)],
            id=f"{compute}",
            cell=f"{compute}",
            train_flops=compute,
        )
    ]
    means = averaged(runs)
    found = law_of(means, "power")
    assert found.points == 4
    assert found.constants["b"] == pytest.approx(0.1)
    assert found.intervals["b"].low == pytest.approx(0.1)  # the means lie on the law
    run = found.law.predict(1e13)
    assert run.interval.low < run.loss * 0.87 < run.loss * 1.13 < run.interval.high  # but single runs do not


def test_a_single_run_scatters_more_than_the_mean_that_a_law_is_fitted_to(replicates):
    points = study_points(*[fitted(averaged(replicates([1.0, 1.2])), "parametric")] * 2)
    assert points.seeds.tolist() == [2]
    assert points.deviation == pytest.approx([0.1 * 2**0.5])


def test_rivals_are_means_over_as_many_seeds(grid):
    means = averaged(grid({0.1: [1.5, 1.5], 0.2: [1.0, 1.0], 0.4: [0.5, None]}))
    assert study_points([mean for mean in means if mean.tuned], means).rivals.shape == (1, 1)


def test_seeds_do_not_count_as_amounts_of_compute(replicates):
    means = averaged(
        [run for c in (1e12, 1e13) for run in replicates([40 * c**-0.1] * 5, id=f"{c}", cell=f"{c}", train_flops=c)]
    )
    with pytest.raises(ValueError, match="there are 2"):
        fit(study_points(means, means), "power")
