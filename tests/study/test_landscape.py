"""Neighbours: the next smaller budget of the same network, else the next smaller network."""

from dataclasses import replace

from nfdsl.plan import Plan, Selection
from nfdsl.study.landscape import Landscape, describe, swept


def neighbours(plan: Plan) -> dict[str, str]:
    return {cell: neighbour.id for cell, neighbour in Landscape(plan).neighbours.items()}


def test_budgets_come_before_networks(sketch):
    for model in ("F2", "F0", "F1"):  # not in order of size
        for images in (400, 100, 200):
            sketch.cell(f"{model}-{images}", model=model, images=images)
    assert neighbours(sketch.plan()) == {
        "F0-200": "F0-100",
        "F0-400": "F0-200",
        "F1-100": "F0-100",
        "F1-200": "F1-100",
        "F1-400": "F1-200",
        "F2-100": "F1-100",
        "F2-200": "F2-100",
        "F2-400": "F2-200",
    }


def test_a_network_without_that_budget_lends_its_nearest(sketch):
    sketch.cell("small-30", model="F0", images=30)
    sketch.cell("small-300", model="F0", images=300)
    sketch.cell("large", model="F1", images=150)  # a factor of 5 and of 2 away
    assert neighbours(sketch.plan())["large"] == "small-300"


def test_other_blocks_recipes_and_ranks_are_no_neighbours(sketch):
    start = Selection(sketch.cell("a"), "holdout.loss", 0)
    sketch.cell("other block", block="other", images=200)
    sketch.cell("first", block="tuning", images=100, start=start)
    sketch.cell("second", block="tuning", images=200, start=replace(start, rank=1))
    (*runs, last), plan = sketch.runs, sketch.plan()
    assert neighbours(plan) == {}
    sketch.cell("third", block="tuning", images=400, start=start)
    assert neighbours(sketch.plan()) == {"third": "first"}
    changed = tuple(replace(run, recipe=replace(run.recipe, batch=20)) for run in sketch.runs[-3:])
    assert neighbours(Plan("", (), (*runs, last, *changed), sketch.plan().cells, ())) == {}


def test_names_for_people(sketch):
    sketch.cell("cell", [0.4], model="F1", images=50)
    (run,) = sketch.runs
    assert swept(run) == ("0.5 epochs",)
    assert describe(run) == "cell@0.4 scaling F1, 0.5 epochs, lr 0.4"


def test_a_bare_number_says_what_it_is_of(sketch):
    sketch.cell("cell", [0.4])
    run = replace(sketch.runs[0], labels={"model": "F0", "augment.repeat": "4", "budget": "2 epochs", "lr": "0.4"})
    assert swept(run) == ("repeat 4", "2 epochs")
