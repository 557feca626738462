"""What can be run, what is not needed, what cannot be run."""

from nfdsl.plan import Selection
from nfdsl.schema.training import Monotone
from nfdsl.study.agenda import agenda, outdated, pick
from nfdsl.study.landscape import Landscape
from nfdsl.study.tuning.known import Known


def test_runs_come_in_the_plans_order_with_their_start(sketch, result):
    runs = sketch.cell("cell", (0.1, 0.2))
    sketch.cell("tuning", (0.1,), block="tuning", start=Selection(runs, "holdout.loss", 0))
    landscape = Landscape(sketch.plan())
    assert [task.run.id for task in agenda(landscape, Known({}, {})).tasks] == list(runs)
    left = agenda(landscape, Known({run: result(1.0) for run in runs}, {}))
    assert [(task.run.id, task.start) for task in left.tasks] == [("tuning@0.1", runs[0])]
    assert not left.unneeded
    assert not left.impossible


def test_a_failure_is_handed_down_and_spares_the_rest(sketch):
    runs = sketch.cell("cell", (0.1, 0.2))
    first = sketch.cell("first", (0.1,), block="tuning", start=Selection(runs, "holdout.loss", 0))
    second = sketch.cell("second", (0.1,), block="more", start=Selection(first, "holdout.loss", 0))
    other = sketch.cell("other", (0.1,), model="F1")
    left = agenda(Landscape(sketch.plan()), Known({}, {runs[0]: "no"}))
    assert [task.run.id for task in left.tasks] == [runs[1], *other]
    assert set(left.impossible) == {*first, *second}
    assert runs[0] in left.impossible[first[0]]
    assert first[0] in left.impossible[second[0]]


def test_what_is_done_stays_done_though_it_could_not_be_started_today(sketch, result):
    runs = sketch.cell("cell", (0.1, 0.2))
    first = sketch.cell("first", (0.1, 0.2), block="tuning", start=Selection(runs, "holdout.loss", 0))
    left = agenda(Landscape(sketch.plan()), Known({first[0]: result(1.0)}, {runs[0]: "no"}))
    assert set(left.impossible) == {first[1]}


def test_what_cannot_be_run_is_not_waited_for(sketch, result):
    """The larger network's search leans on that of the smaller one, which has no start."""
    for model in ("F0", "F1"):
        runs = sketch.cell(model, (0.1,), model=model)
        start = Selection(runs, "holdout.loss", 0)
        sketch.cell(f"tuned-{model}", (0.1,), block="tuning", model=model, tuner=Monotone(1), start=start)
    left = agenda(Landscape(sketch.plan()), Known({"F1@0.1": result(1.0)}, {"F0@0.1": "no"}))
    assert [task.run.id for task in left.tasks] == ["tuned-F1@0.1"]
    assert set(left.impossible) == {"tuned-F0@0.1"}


def test_what_tuning_did_not_try_is_not_needed(sketch, result):
    runs = sketch.cell("cell", (0.1, 0.2, 0.4), tuner=Monotone(2))
    landscape = Landscape(sketch.plan())
    assert not agenda(landscape, Known({runs[2]: result(1.0)}, {})).unneeded
    left = agenda(landscape, Known({runs[2]: result(1.0), runs[1]: result(2.0)}, {}))
    assert left.unneeded == {runs[0]}
    assert not left.tasks


def test_the_program_that_is_loaded_goes_on(sketch):
    sketch.cell("small", model="F0")
    sketch.cell("large", model="F1")
    tasks = agenda(Landscape(sketch.plan()), Known({}, {})).tasks
    assert pick(tasks, None).run.id == "small@0.1"
    assert pick(tasks, "scaling-F1").run.id == "large@0.1"
    assert pick(tasks, "another").run.id == "small@0.1"


def test_a_fine_tune_from_another_network_than_today_s_best_is_outdated(sketch, result):
    runs = sketch.cell("cell", (0.1, 0.2))
    sketch.cell("tuning", (0.1,), block="tuning", start=Selection(runs, "holdout.loss", 0))
    landscape = Landscape(sketch.plan())
    known = Known({runs[0]: result(1.0), runs[1]: result(2.0), "tuning@0.1": result(1.0)}, {})
    assert outdated(landscape, known, {"tuning@0.1": runs[1]}) == {"tuning@0.1": runs[0]}
    assert outdated(landscape, known, {"tuning@0.1": runs[0]}) == {}
    undecided = Known({runs[0]: result(1.0), "tuning@0.1": result(1.0)}, {})
    assert outdated(landscape, undecided, {"tuning@0.1": runs[1]}) == {}


def test_a_run_beyond_a_range_is_a_task_once_tuning_asks_for_it(sketch, result):
    runs = sketch.cell("cell", (0.1, 0.2), extend=1)
    landscape = Landscape(sketch.plan())
    left = agenda(landscape, Known({runs[0]: result(2.0), runs[1]: result(1.0)}, {}))
    assert [task.run.id for task in left.tasks] == ["cell@0.4"]
    assert not left.unneeded
