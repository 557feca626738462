import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from nfdsl.analysis.canvas import blank, core_hours_above, legend_above, plot, scale_linear, scale_log, tick_choices
from nfdsl.analysis.curves import Cost
from nfdsl.analysis.style import Look, house_style


@pytest.fixture(autouse=True)
def in_house_style():
    with house_style():
        yield


def labels(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


@pytest.mark.parametrize("values", [[1e12], [2.40, 2.45], [1e12, 3e12], [1e12, 1e20], [1.0, 1.0 + 1e-12]])
def test_a_logarithmic_axis_holds_its_values_and_has_labelled_ticks(values):
    _, axes = blank()
    scale_log(axes, "x", values, "compute")
    low, high = axes.get_xlim()
    assert low < min(values)
    assert max(values) < high
    assert len(labels(axes.xaxis)) >= 3
    assert all(labels(axes.xaxis))
    assert axes.get_xlabel() == "compute"


@pytest.mark.parametrize("values", [[0.0], [0.0, 100.0], [2.0, 2.1]])
def test_a_linear_axis_holds_its_values_and_nothing_below_zero(values):
    _, axes = blank()
    scale_linear(axes, "y", values, "error")
    low, high = axes.get_ylim()
    assert 0 <= low <= min(values)
    assert max(values) < high


def test_choices_are_ticked_as_they_were_written():
    _, axes = blank()
    scale_log(axes, "x", [0.25, 2.0], "epochs")
    tick_choices(axes, "x", [0.25, 0.5, 1.0, 2.0])
    assert labels(axes.xaxis) == ["0.25", "0.5", "1", "2"]


def test_core_hours_stand_above_where_they_follow_from_compute():
    _, axes = blank()
    scale_log(axes, "x", [1e15, 1e17], "compute")
    core_hours_above(axes, [Cost(1e15, 1.0), Cost(1e17, 100.0)])
    (above,) = axes.child_axes
    assert above.get_xlabel() == "core-hours"
    assert labels(above.xaxis) == ["1", "10", "100"]


@pytest.mark.parametrize("second", [Cost(1e17, None), Cost(1e17, 50.0)])
def test_core_hours_are_left_out_where_they_are_unknown_or_of_different_machines(second):
    _, axes = blank()
    scale_log(axes, "x", [1e15, 1e17], "compute")
    core_hours_above(axes, [Cost(1e15, 1.0), second])
    assert not axes.child_axes


@pytest.mark.parametrize("entries", [1, 7, 60])
def test_legends_lie_above_the_axes_and_in_the_figure(entries):
    figure, axes = blank()
    scale_log(axes, "x", [1.0, 10.0], "x")
    looks = [(Look("#000000", "o"), f"model {place}") for place in range(entries)]
    legend_above(figure, looks, [(Look("#000000"), "a law" * 40)])
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    boxes = [legend.get_window_extent() for legend in figure.legends]
    assert boxes[0].y1 <= figure.bbox.height
    assert boxes[1].y1 <= boxes[0].y0
    assert axes.get_tightbbox().y1 <= boxes[1].y0
    assert max(box.x1 for box in boxes) <= figure.bbox.width


def test_series_beside_each_other_are_told_apart_on_paper():
    figure, axes = blank()
    for beside in (0, 1):
        plot(axes, [(1.0, 1.0)], Look("#000000", "o"), beside=beside)
    places = [line.get_transform().transform((1.0, 1.0)) for line in axes.lines]
    assert ((places[1] - places[0]) * 72 / figure.dpi).tolist() == pytest.approx([4.0, 2.4])
