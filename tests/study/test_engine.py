"""Studies carried out by a fake worker: what is done, in which order, and what is not done again."""

from nfdsl.plan import Selection
from nfdsl.run_json import load
from nfdsl.schema.training import Monotone
from nfdsl.study.events import Closed, Dropped, Extended, Notice, NotRun, Opened, Unneeded
from nfdsl.study.outcome import Compilations


def test_a_study_is_carried_out_and_then_there_is_nothing_to_do(sketch, carry, given, directory, outcome):
    runs = sketch.cell("cell")
    plan = sketch.plan()
    first = outcome(carry(plan))
    assert (first.done, first.complete, first.trained) == (3, True, 3)
    assert given() == list(runs)
    assert load((directory.run(runs[1]) / "run.json").read_text()).lr == 0.2
    assert (directory.path / "study.json").read_text() == "{}"
    again = carry(plan)
    assert given() == list(runs)
    assert [type(event) for event in again] == [Opened, Closed]  # not even a worker
    assert outcome(again).done == 3
    assert outcome(again).compilations == ()


def test_runs_of_one_program_follow_each_other(sketch, carry, given, outcome):
    for images in (100, 200):
        for model in ("F0", "F1"):  # the plan's order alternates
            sketch.cell(f"{model}-{images}", (0.1,), model=model, images=images)
    events = carry(sketch.plan())
    assert given() == ["F0-100@0.1", "F0-200@0.1", "F1-100@0.1", "F1-200@0.1"]
    assert outcome(events).compilations == (Compilations("train", programs=2, times=2),)


def test_a_fine_tune_starts_from_the_best_and_waits_for_it_alone(sketch, carry, given, directory):
    runs = sketch.cell("cell")
    sketch.cell("tuning", (0.1,), block="tuning", start=Selection(runs, "holdout.loss", 0))
    sketch.cell("other", (0.1,), model="F1")
    carry(sketch.plan(), **{runs[1]: {"loss": 0.5}})
    assert given() == [*runs, "tuning@0.1", "other@0.1"]
    assert load((directory.run("tuning@0.1") / "run.json").read_text()).start == runs[1]


def test_tuning_leaves_out_what_it_does_not_need(sketch, carry, given, outcome, of):
    runs = sketch.cell("cell", (0.1, 0.2, 0.4, 0.8), tuner=Monotone(2))
    events = carry(sketch.plan(), **{runs[2]: {"loss": 0.5}})
    assert given() == [runs[3], runs[2], runs[1]]
    assert of(Unneeded, events) == [Unneeded(runs[0])]
    assert outcome(events).unneeded == 1
    assert outcome(events).complete


def test_a_range_goes_on_where_its_best_is_at_the_end(sketch, carry, given, directory, outcome, of):
    runs = sketch.cell("cell", (0.1, 0.2, 0.4), extend=2)
    tuning = sketch.cell("tuning", (0.1,), block="tuning", start=Selection(runs, "holdout.loss", 0))
    plan = sketch.plan()
    losses = {"cell@0.4": {"loss": 0.9}, "cell@0.8": {"loss": 0.8}, "cell@1.6": {"loss": 0.95}}
    events = carry(plan, **losses)
    assert given() == [*runs, "cell@0.8", "cell@1.6", *tuning]
    assert of(Extended, events) == [Extended("cell@0.8"), Extended("cell@1.6")]
    assert load(directory.run_json("tuning@0.1").read_text()).start == "cell@0.8"
    assert (outcome(events).done, outcome(events).complete) == (6, True)
    assert [type(event) for event in carry(plan, **losses)] == [Opened, Closed]


def test_a_fine_tune_whose_start_is_beaten_is_done_again(sketch, new_sketch, carry, given, directory, outcome, of):
    runs = sketch.cell("cell", (0.1, 0.2, 0.4))
    sketch.cell("tuning", (0.1,), block="tuning", start=Selection(runs, "holdout.loss", 0))
    losses = {"cell@0.4": {"loss": 0.9}, "cell@0.8": {"loss": 0.8}, "cell@1.6": {"loss": 0.95}}
    plan = sketch.plan()
    carry(plan, **losses)
    wider = new_sketch()
    wider.cell("cell", (0.1, 0.2, 0.4), extend=2)  # the same runs, tuned further
    wider.cell("tuning", (0.1,), block="tuning", start=Selection(runs, "holdout.loss", 0))
    events = carry(wider.plan(), **losses)
    assert given()[4:] == ["cell@0.8", "cell@1.6", "tuning@0.1"]
    (dropped,) = of(Dropped, events)
    assert (dropped.run, dropped.reason) == (
        "tuning@0.1",
        "it began from cell@0.4, and cell@0.8 has turned out to be better",
    )
    assert load(directory.run_json("tuning@0.1").read_text()).start == "cell@0.8"
    assert (directory.path / "superseded" / "tuning@0.1-cell@0.4" / "result.json").exists()
    assert outcome(events).complete


def test_a_diverged_run_is_a_result(sketch, carry, outcome, of):
    runs = sketch.cell("cell")
    tuning = sketch.cell("tuning", (0.1,), block="tuning", start=Selection(runs, "holdout.loss", 0))
    events = carry(sketch.plan(), **{run: {"state": "diverged"} for run in runs})
    assert outcome(events).diverged == 3
    assert [event.run for event in of(NotRun, events)] == list(tuning)


def test_run_directories_of_other_plans_are_left_alone(sketch, carry, directory, outcome):
    other = directory.run("another")
    other.mkdir(parents=True)
    (other / "result.json").write_text("whatever")
    sketch.cell("cell", (0.1,))
    assert outcome(carry(sketch.plan())).done == 1
    assert (other / "result.json").read_text() == "whatever"


def test_torn_compilations_are_removed_and_told(sketch, carry, directory, of):
    sketch.cell("cell", (0.1,))
    directory.cache.mkdir(parents=True)
    (directory.cache / "jit_step-1a-cache").write_bytes(b"\x78\x9c")
    (notice,) = of(Notice, carry(sketch.plan()))
    assert notice.text == "1 compiled program in the cache, not written to the end, removed"
    assert not list(directory.cache.iterdir())
