import math

import pytest

from nfdsl.analysis.drawing import Missing
from nfdsl.analysis.optimal_lr import draw_optimal_lr
from nfdsl.analysis.style import house_style

RATES = (0.1, 0.2, 0.4)


@pytest.fixture
def grid(record):
    """Returns the runs of one cell, tuned to `best`."""

    def grid(model, epochs, best):
        return [
            record(
                id=f"{model}{epochs}{lr}",
                cell=f"{model}{epochs}",
                model=model,
                params=ord(model),
                epochs=float(epochs),
                train_flops=epochs * 1e12,
                lr=lr,
                tuned=lr == best,
                holdout_loss=1 + math.log(lr / best) ** 2,
            )
            for lr in RATES
        ]

    return grid


def draw(records):
    with house_style():
        return draw_optimal_lr(records)


def test_each_model_has_a_line_of_its_optima(grid):
    drawing = draw([*grid("A", 1, 0.2), *grid("A", 2, 0.2), *grid("B", 1, 0.2), *grid("B", 2, 0.2)])
    axes = drawing.figure.axes[0]
    lines = [line for line in axes.lines if line.get_marker() == ""]
    drawn = [(*line.get_xdata(), *line.get_ydata()) for line in lines]
    assert drawn == [pytest.approx((1.0, 2.0, 0.2, 0.2))] * 2
    assert [label.get_text() for label in axes.get_xticklabels()] == ["1", "2"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["0.1", "0.2", "0.4"]
    assert "edge" not in drawing.caption


def test_lines_with_the_same_optima_do_not_hide_each_other(grid):
    axes = draw([*grid("A", 1, 0.2), *grid("B", 1, 0.2)]).figure.axes[0]
    places = {tuple(line.get_transform().transform((1.0, 0.2)).round(3)) for line in axes.lines}
    assert len(places) == 2


def test_optima_on_the_edge_have_markers_of_their_own(grid, marks):
    drawing = draw([*grid("A", 1, 0.4), *grid("A", 2, 0.2), *grid("A", 4, 0.1)])
    markers = [line.get_marker() for line in marks(drawing.figure.axes[0]) if len(line.get_xdata()) == 1]
    assert markers == ["^", "o", "v"]
    legend = [text.get_text() for legend in drawing.figure.legends for text in legend.get_texts()]
    assert legend == ["A", "highest learning rate of its grid", "lowest learning rate of its grid"]
    assert "Of 3 optima, 2 lie on the edge of the grid" in drawing.caption


def test_without_a_choice_of_learning_rates_it_says_so(record):
    assert draw([record()]) == Missing("No model and budget with a choice of learning rates has a result yet.")


def test_of_learning_rates_that_are_kept_none_is_optimal(record):
    kept = [record(id=lr, cell=lr, labels={"model": "S", "lr": lr}) for lr in ("0.1", "0.2")]
    assert draw(kept) == Missing("Every learning rate is kept, and none is chosen from the others.")


def test_an_optimum_has_its_interval_and_a_censored_one_has_none(grid, marks):
    drawing = draw([*grid("A", 1, 0.2), *grid("A", 2, 0.4)])
    bars = [line for line in marks(drawing.figure.axes[0]) if line.get_marker() == "_"]
    assert [(*line.get_xdata(), *line.get_ydata()) for line in bars] == [(1.0, 1.0, 0.1, 0.4)]
    inside, edge = drawing.numbers.rows
    assert inside[3:] == (0.2, pytest.approx(0.2), 0.1, 0.4, "", "True", 1)
    assert edge[3:] == (0.4, 0.4, None, None, "highest", "True", 1)
