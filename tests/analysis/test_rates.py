import math

from nfdsl.analysis.rates import doubts, optima


def grid(record, best, states=("done", "done", "done"), cell="c"):
    """Returns a cell whose losses rise to either side of the best."""
    rates = (0.1, 0.2, 0.4)
    return [
        record(
            id=f"{cell}{lr}",
            cell=cell,
            lr=lr,
            tuned=lr == best,
            state=state,
            holdout_loss=None if best is None or state != "done" else 1 + abs(math.log(lr / best)),
        )
        for lr, state in zip(rates, states, strict=True)
    ]


def test_an_optimum_inside_its_grid_raises_no_doubt(record):
    (optimum,) = optima(grid(record, 0.2))
    assert (optimum.record.lr, optimum.grid, optimum.edge, optimum.settled) == (0.2, (0.1, 0.2, 0.4), None, True)
    assert doubts([optimum]) == ""


def test_an_optimum_on_the_edge_is_censored(record):
    low, high = (optima(grid(record, best))[0] for best in (0.1, 0.4))
    assert (low.edge, high.edge) == ("lowest", "highest")
    assert doubts([low, high]) == "Of 2 optima, 2 lie on the edge of the grid: the true ones may differ."


def test_an_optimum_of_an_unfinished_grid_is_not_settled(record):
    (optimum,) = optima(grid(record, 0.2, ("done", "done", "running")))
    assert not optimum.settled
    assert "1 comes from a grid with runs still to come" in doubts([optimum])


def test_rates_that_tuning_left_out_or_that_failed_are_not_still_to_come(record):
    (optimum,) = optima(grid(record, 0.2, ("unneeded", "done", "failed")))
    assert optimum.settled


def test_a_cell_without_a_choice_has_no_optimum(record):
    assert optima([record(tuned=True)]) == ()


def test_a_cell_without_a_result_has_no_optimum(record):
    assert optima(grid(record, None, ("waiting", "diverged", "waiting"))) == ()
