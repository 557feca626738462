import math
from dataclasses import replace

import pytest

from nfdsl.analysis.drawing import Drawing, Missing
from nfdsl.analysis.loss_vs_compute import draw_loss_vs_compute
from nfdsl.analysis.replicates import averaged
from nfdsl.analysis.style import house_style


@pytest.fixture
def records(record):
    """Two models at three budgets and two learning rates, on a law of exponent 0.1."""
    return [
        record(
            id=f"{model}{epochs}{lr}",
            cell=f"{model}{epochs}",
            model=model,
            params=size,
            lr=lr,
            train_flops=size * epochs * 1e12,
            holdout_loss=40 * (size * epochs * 1e12) ** -0.1 * (1.0 if lr == 0.2 else 1.02),
            tuned=lr == 0.2,
        )
        for size, model in ((1, "S"), (16, "L"))
        for epochs in (1, 2, 4)
        for lr in (0.1, 0.2, 0.4)
    ]


def draw(records, *, form="power"):
    with house_style():
        return draw_loss_vs_compute(records, form)


def curves(axes):
    return [line for line in axes.lines if line.get_linestyle() == "-" and len(line.get_xdata()) > 1]


def texts(figure):
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def test_each_model_has_a_curve_through_its_tuned_runs(records):
    figure = draw(records).figure
    drawn = curves(figure.axes[0])
    assert [list(line.get_xdata()) for line in drawn] == [[1e12, 2e12, 4e12], [1.6e13, 3.2e13, 6.4e13]]
    assert texts(figure) == ["S", "L", "compute-optimal", "fitted law"]


def test_both_axes_are_logarithmic_and_have_their_units(records):
    axes = draw(records).figure.axes[0]
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("training compute (FLOPs)", "held-out loss")
    assert len(axes.get_yticklabels()) >= 3


def test_the_law_is_drawn_with_its_equation_and_interval(records):
    (note,) = draw(records).figure.axes[0].texts
    assert note.get_text() == "L = 40 C⁻⁰·¹".replace(" ", "\u00a0") + "\nexponent 0.1, 95% interval 0.1000 to 0.1000"


def test_no_law_is_drawn_where_none_is_asked_for(records):
    drawing = draw(records, form=None)
    assert not drawing.figure.axes[0].texts
    assert "law" not in drawing.caption


def test_a_law_that_cannot_be_fitted_is_missed_in_the_caption(records):
    drawing = draw(records[:6])
    assert "No law is drawn. A power law needs at least 3 different amounts" in drawing.caption
    assert texts(drawing.figure) == ["S", "compute-optimal"]


def test_means_over_seeds_have_bars_of_a_standard_deviation(replicates, marks):
    means = averaged(replicates([2.0, 2.2, 2.4], labels={"model": "S", "budget": "1 epochs"}))
    drawing = draw(means)
    (bar,) = [line for line in marks(drawing.figure.axes[0]) if line.get_marker() == "_"]
    assert list(bar.get_ydata()) == pytest.approx([2.2 * math.exp(-0.2 / 2.2), 2.2 * math.exp(0.2 / 2.2)])
    assert "Points are means over 3 seeds" in drawing.caption
    row = dict(zip(drawing.numbers.headings, drawing.numbers.rows[0], strict=True))
    assert (row["loss"], row["seeds"], row["loss_deviation"]) == (pytest.approx(2.2), 3, pytest.approx(0.2))


def test_a_run_that_nearly_diverged_does_not_flatten_the_curves(records, record):
    wild = record(id="wild", cell="S1", train_flops=1e12, holdout_loss=100.0, tuned=False)
    drawing = draw([*records, wild])
    assert drawing.figure.axes[0].get_ylim()[1] < 10
    assert "Faint points are other learning rates, 1 of them above the frame." in drawing.caption


def test_one_run_is_enough_for_a_figure(records):
    drawing = draw(records[1:2])
    assert isinstance(drawing, Drawing)
    assert "Faint" not in drawing.caption


def test_without_losses_it_says_so(record):
    assert draw([record(holdout_loss=None, tuned=False)]) == Missing("No run has a held-out loss yet.")


def test_a_loss_of_zero_has_no_place_on_a_log_axis(records, record):
    assert isinstance(draw([*records, record(id="zero", cell="zero", holdout_loss=0.0)]), Drawing)


def test_core_hours_stand_above_where_every_run_has_them(records, record):
    known = [replace(one, core_hours=one.train_flops / 1e12) for one in records]
    assert draw(known).figure.axes[0].child_axes[0].get_xlabel() == "core-hours"
    assert not draw(records).figure.axes[0].child_axes


def test_the_law_stays_within_the_frame(records):
    axes = draw([replace(one, holdout_loss=one.holdout_loss * (3 if one.model == "L" else 1)) for one in records[:12]])
    low, high = axes.figure.axes[0].get_ylim()
    (law,) = [line for line in axes.figure.axes[0].lines if len(line.get_xdata()) > 20]
    assert low < min(law.get_ydata())
    assert max(law.get_ydata()) < high


def test_censored_runs_are_hollow_and_out_of_the_law(records):
    edge = [replace(one, tuned=one.lr == 0.4, holdout_loss=5.0 - one.lr) for one in records if one.cell == "S4"]
    drawing = draw([*(one for one in records if one.cell != "S4"), *edge])
    assert "1 of 6 tuned runs is left out" in drawing.caption
    assert "learning rate on the edge of its grid" in texts(drawing.figure)
    assert {row[0] for row in drawing.numbers.rows if row[-2] == "True"} == {"S40.1", "S40.2", "S40.4"}


@pytest.mark.parametrize("form", ["saturating", "envelope"])
def test_each_form_is_drawn_where_the_runs_determine_it(records, form):
    drawing = draw(records, form=form)
    assert "fitted law" in texts(drawing.figure)


def test_a_form_that_asks_for_more_says_what_can_be_fitted(records):
    assert "No law is drawn. IsoFLOP parabolas need" in draw(records, form="isoflop").caption


def test_an_interval_without_bound_is_shaded_within_the_frame(record):
    losses = {1e12: 2.0, 1.0001e12: 1.5, 1.0003e12: 0.9}
    best = [record(id=str(c), cell=str(c), train_flops=c, holdout_loss=loss) for c, loss in losses.items()]
    (axes,) = draw(best).figure.axes
    (shade,) = axes.collections
    ends = shade.get_paths()[0].vertices[:, 1]
    assert (ends.min(), ends.max()) == pytest.approx(axes.get_ylim())


def test_learning_rates_that_are_kept_are_curves_and_none_is_called_the_best(record, records):
    kept = [
        record(id=f"{c:g}{lr}", cell=f"{c:g}{lr}", labels={"model": "S", "lr": lr, "budget": f"{c:g}"}, train_flops=c)
        for c in (1e12, 2e12, 4e12)
        for lr in ("0.1", "0.2", "0.4")
    ]
    drawing = draw(kept, form=None)
    assert [list(line.get_xdata()) for line in drawing.figure.axes[0].lines if len(line.get_xdata()) == 3] == [
        [1e12, 2e12, 4e12]
    ] * 3
    assert texts(drawing.figure) == ["S", "lr 0.1", "lr 0.2", "lr 0.4", "compute-optimal"]
    assert drawing.caption.startswith("Each curve is one model and learning rate at its budgets. Ringed")
    chosen = draw(records).caption
    assert chosen.startswith(
        "Each curve is one model at its budgets, every point the best learning rate of that budget."
    )
    without_choice = draw([run for run in records if run.tuned]).caption
    assert without_choice.startswith("Each curve is one model at its budgets. Ringed")
