"""What cells lean on: the next smaller budget of the same network, and the next smaller network."""

from dataclasses import replace

import pytest

from nfdsl.plan import Plan, Selection
from nfdsl.schema.training import Monotone
from nfdsl.study.landscape import Landscape, describe, swept


@pytest.fixture
def lean_on(sketch):
    """Returns the cells that each cell leans on, if any."""

    def lean_on(plan: Plan | None = None) -> dict[str, tuple[str, ...]]:
        ladders = Landscape(plan or sketch.plan()).ladders
        return {cell: ladder.leans_on for cell, ladder in ladders.items() if ladder.leans_on}

    return lean_on


def test_a_smaller_budget_and_a_smaller_network(sketch, lean_on):
    for model in ("F2", "F0", "F1"):  # not in order of size
        for images in (400, 100, 200):
            sketch.cell(f"{model}-{images}", model=model, images=images, tuner=Monotone(2))
    assert lean_on() == {
        "F0-200": ("F0-100",),
        "F0-400": ("F0-200",),
        "F1-100": ("F0-100",),
        "F1-200": ("F1-100", "F0-200"),
        "F1-400": ("F1-200", "F0-400"),
        "F2-100": ("F1-100",),
        "F2-200": ("F2-100", "F1-200"),
        "F2-400": ("F2-200", "F1-400"),
    }


def test_a_network_without_that_budget_lends_its_nearest(sketch, lean_on):
    sketch.cell("small-30", model="F0", images=30)
    sketch.cell("small-300", model="F0", images=300)
    sketch.cell("large", model="F1", images=150, tuner=Monotone(2))  # a factor of 5 and of 2 away
    assert lean_on() == {"large": ("small-300",)}


def test_a_cell_that_tries_its_whole_range_leans_on_none(sketch, lean_on):
    sketch.cell("small")
    sketch.cell("large", images=200)
    assert lean_on() == {}


def test_other_blocks_recipes_and_ranks_are_not_comparable(sketch, lean_on):
    start, tuner = Selection(sketch.cell("a"), "holdout.loss", 0), Monotone(2)
    sketch.cell("other block", block="other", images=200, tuner=tuner)
    sketch.cell("first", block="tuning", images=100, start=start, tuner=tuner)
    sketch.cell("second", block="tuning", images=200, start=replace(start, rank=1), tuner=tuner)
    (*runs, last), plan = sketch.runs, sketch.plan()
    assert lean_on(plan) == {}
    sketch.cell("third", block="tuning", images=400, start=start, tuner=tuner)
    assert lean_on() == {"third": ("first",)}
    changed = tuple(replace(run, recipe=replace(run.recipe, batch=20)) for run in sketch.runs[-3:])
    assert lean_on(Plan("", (), (*runs, last, *changed), sketch.plan().cells, ())) == {}


def test_a_cell_of_a_sixteenth_of_the_compute_is_small(sketch):
    for images in (100, 200, 3200):
        sketch.cell(f"{images}", images=images)
    sketch.cell("alone", block="other")
    ladders = Landscape(sketch.plan()).ladders
    assert [cell for cell, ladder in ladders.items() if ladder.small] == ["100", "200"]


def test_ascents_count_as_compute(sketch):
    for images in (100, 200, 3200):
        sketch.cell(f"{images}", images=images)
    runs = tuple(replace(run, sam_flops=run.train_flops if run.cell == "200" else 0) for run in sketch.runs)
    ladders = Landscape(replace(sketch.plan(), runs=runs)).ladders
    assert [cell for cell, ladder in ladders.items() if ladder.small] == ["100"]


def test_runs_beyond_a_range_stand_beside_it(sketch):
    sketch.cell("a", (0.1, 0.2), extend=1)
    sketch.cell("b", (0.1, 0.2))
    landscape = Landscape(sketch.plan())
    assert list(landscape.runs) == ["a@0.05", "a@0.1", "a@0.2", "a@0.4", "b@0.1", "b@0.2"]
    assert landscape.ladders["a"].runs == ("a@0.05", "a@0.1", "a@0.2", "a@0.4")
    assert (landscape.ladders["a"].below, landscape.ladders["a"].above) == (1, 1)


def test_names_for_people(sketch):
    sketch.cell("cell", [0.4], model="F1", images=50)
    (run,) = sketch.runs
    assert swept(run) == ("0.5 epochs",)
    assert describe(run) == "cell@0.4 scaling F1, 0.5 epochs, lr 0.4"


def test_a_bare_number_says_what_it_is_of(sketch):
    sketch.cell("cell", [0.4])
    run = replace(sketch.runs[0], labels={"model": "F0", "augment.repeat": "4", "budget": "2 epochs", "lr": "0.4"})
    assert swept(run) == ("repeat 4", "2 epochs")
