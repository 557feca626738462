from dataclasses import replace

import pytest

from nfdsl.analysis.drawing import Missing
from nfdsl.analysis.learning_curves import draw_learning_curves, smoothed
from nfdsl.analysis.replicates import averaged
from nfdsl.analysis.style import house_style
from nfdsl.study.records import LearningCurve

CURVE = LearningCurve(tuple(range(1, 61)), tuple(3 - step / 60 for step in range(1, 61)), (1.0,) * 60)


def test_losses_are_means_over_stretches_at_the_images_seen(record):
    path = smoothed(record(images=6000, steps=60), CURVE)
    assert len(path) == 30
    assert path[0] == (200.0, pytest.approx(3 - 1.5 / 60))


def test_what_is_no_loss_is_left_out(record):
    curve = LearningCurve((1, 2, 3), (2.0, None, float("inf")), (1.0, 1.0, 1.0))
    assert smoothed(record(images=30, steps=3), curve) == [(10.0, 2.0)]


def test_each_tuned_run_has_its_curve(record, marks):
    runs = [record(id="a", model="S"), record(id="b", model="L", params=2000), record(id="c", tuned=False)]
    with house_style():
        drawing = draw_learning_curves(runs, {"a": CURVE, "b": CURVE})
    paths = [line for line in marks(drawing.figure.axes[0]) if len(line.get_xdata()) > 1]
    assert len(paths) == 2
    assert {row[0] for row in drawing.numbers.rows} == {"a", "b"}


def test_evaluations_on_the_way_are_dots(record, marks):
    evaluated = replace(CURVE, evaluated=(30, 60), holdout_losses=(2.75, 2.25))
    ended = replace(CURVE, evaluated=(60,), holdout_losses=(2.25,))
    runs = [record(id="a", model="S", images=6000, steps=60), record(id="b", model="L", params=2000)]
    with house_style():
        drawing = draw_learning_curves(runs, {"a": evaluated, "b": ended})
    (dots,) = [line for line in marks(drawing.figure.axes[0]) if line.get_marker() == "."]
    assert [*zip(*dots.get_data(), strict=True)] == [(3000, 2.75), (6000, 2.25)]
    assert "Dotted are held-out losses" in drawing.caption
    assert [row[-3:] for row in drawing.numbers.rows if row[-1] is not None] == [(3000, None, 2.75), (6000, None, 2.25)]


def test_every_seed_has_its_curve_in_the_look_of_its_model(replicates, marks):
    means = averaged(replicates([1.0, 1.2]))
    with house_style():
        drawing = draw_learning_curves(means, {"run#0": CURVE, "run#1": CURVE})
    paths = [line for line in marks(drawing.figure.axes[0]) if len(line.get_xdata()) > 1]
    assert len({line.get_color() for line in paths}) == 1
    assert {row[0] for row in drawing.numbers.rows} == {"run#0", "run#1"}
    assert drawing.caption.endswith("Every seed has its own curve.")


def test_without_losses_it_says_so(record):
    empty = LearningCurve((), (), ())
    with house_style():
        assert draw_learning_curves([record(id="a")], {"a": empty}) == Missing(
            "No tuned run has told its training loss."
        )


def test_kept_learning_rates_are_not_called_the_best(record):
    runs = [record(id=lr, labels={"model": "S", "lr": lr}) for lr in ("0.1", "0.2")]
    with house_style():
        kept, one = (draw_learning_curves(some, {"0.1": CURVE, "0.2": CURVE}) for some in (runs, runs[:1]))
    assert "Training loss of every learning rate" in kept.caption
    assert "Training loss of the best learning rate" in one.caption
