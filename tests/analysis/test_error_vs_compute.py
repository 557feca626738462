from dataclasses import replace

import pytest

from nfdsl.analysis.drawing import Missing
from nfdsl.analysis.error_vs_compute import draw_error_vs_compute
from nfdsl.analysis.replicates import averaged
from nfdsl.analysis.style import house_style


@pytest.fixture
def records(record):
    """Two pre-trained networks, each fine-tuned with and without repetition."""
    before = [record(id=f"p{size}", train_flops=size * 1e15) for size in (1, 2)]
    after = [
        record(
            id=f"f{size}{repeat}",
            block="ft",
            kind="finetune",
            model=model,
            params=size,
            labels={"model": model, "repeat": repeat},
            start=f"p{size}",
            train_flops=1e13,
            top1=0.9 if repeat == "1" else 0.92,
        )
        for size, model in ((1, "S"), (2, "L"))
        for repeat in ("1", "4")
    ]
    return [*before, *after]


def draw(records, **options):
    with house_style():
        by_id = {record.id: record for record in records}
        return draw_error_vs_compute([record for record in records if record.block == "ft"], by_id, **options)


def test_error_is_drawn_at_the_compute_of_pre_training_and_fine_tuning(records, marks):
    axes = draw(records).figure.axes[0]
    points = [(line.get_xdata()[0], line.get_ydata()[0]) for line in marks(axes)]
    assert points == [
        (1.01e15, pytest.approx(10.0)),
        (1.01e15, pytest.approx(8.0)),
        (2.01e15, pytest.approx(10.0)),
        (2.01e15, pytest.approx(8.0)),
    ]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("total training compute (FLOPs)", "top-1 error (%)")


def test_models_differ_in_colour_and_variants_in_fill(records, marks):
    figure = draw(records).figure
    lines = marks(figure.axes[0])
    assert [line.get_color() for line in lines[::2]] == [line.get_color() for line in lines[1::2]]
    assert lines[0].get_color() != lines[2].get_color()
    assert lines[0].get_markerfacecolor() != lines[1].get_markerfacecolor()
    legend = [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    assert legend == ["S", "L", "repeat 1", "repeat 4"]


def test_a_perfect_network_can_be_drawn(record):
    perfect = record(block="ft", top1=1.0)
    assert draw([perfect]).figure.axes[0].get_ylim()[0] == 0


def test_without_evaluations_it_says_so(record):
    assert draw([record(block="ft", top1=None)]) == Missing("No run has been evaluated yet.")


def test_published_networks_stand_beside_those_of_imagenet(records, marks):
    drawing = draw(records, beside_published=True)
    stars = [line for line in marks(drawing.figure.axes[0]) if line.get_marker() == "*"]
    assert (4262e18, pytest.approx(11.92)) in [(line.get_xdata()[0], line.get_ydata()[0]) for line in stars]
    assert len(stars) == 6  # the large ones need core-hours
    assert "Dosovitskiy et al. 2021, Table 6" in drawing.caption


def test_networks_known_by_core_hours_need_a_rate(records, marks):
    known = [replace(record, core_hours=(record.train_flops + record.sam_flops) / 2e17) for record in records]
    drawn = marks(draw(known, beside_published=True).figure.axes[0])
    stars = {line.get_xdata()[0] for line in drawn if line.get_marker() == "*"}
    assert {each * 2e17 for each in (111.6e3, 120e3, 130e3, 280e3)} <= {round(x, -15) for x in stars}


def test_its_numbers_are_those_drawn(records):
    numbers = draw(records).numbers
    assert numbers.headings[-5:] == ("compute", "core_hours", "top1_error", "seeds", "top1_deviation")
    assert [row[-5] for row in numbers.rows] == [1.01e15, 1.01e15, 2.01e15, 2.01e15]


def test_fine_tunes_of_several_seeds_are_one_point_with_a_bar(record, replicates, marks):
    start = record(id="p", train_flops=1e15)
    tuned = [
        replace(run, top1=top1) for run, top1 in zip(replicates([1.0] * 3, block="ft"), (0.9, 0.92, 0.94), strict=True)
    ]
    (point,) = averaged(replace(run, kind="finetune", start="p") for run in tuned)
    with house_style():
        drawing = draw_error_vs_compute([point], {"p": start})
    bar, mark = marks(drawing.figure.axes[0])
    if bar.get_marker() != "_":
        bar, mark = mark, bar
    assert list(mark.get_ydata()) == [pytest.approx(8.0)]
    assert list(bar.get_ydata()) == [pytest.approx(6.0), pytest.approx(10.0)]
    assert drawing.numbers.rows[0][-3:] == (pytest.approx(0.08), 3, pytest.approx(0.02))
    assert "means over 3 seeds, bars one standard deviation" in drawing.caption


def test_networks_from_released_weights_are_drawn_at_what_is_known(record, marks):
    drawing = draw([record(block="ft", kind="finetune", weights="5ba9", train_flops=1e13)])
    assert [line.get_xdata()[0] for line in marks(drawing.figure.axes[0])] == [1e13]
    assert "What released weights have cost before is not known" in drawing.caption
    assert "released" not in draw([record(block="ft")]).caption
