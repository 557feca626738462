import json
from dataclasses import asdict, replace

import pytest

from nfdsl.lower import lower
from nfdsl.plan import Selection
from nfdsl.run_json import dump
from nfdsl.schema.training import Monotone
from nfdsl.study.directory import Failure, Unreadable
from nfdsl.study.landscape import Landscape
from nfdsl.study.records import LearningCurve, read_learning_curve, read_records
from nfdsl.tables import plan_json


@pytest.fixture
def written(directory):
    """Returns a function that writes a plan and the results of some of its runs, and reads the records by id."""

    def written(plan, results):
        directory.path.mkdir(exist_ok=True)
        directory.plan_json.write_text(plan_json(plan, {}))
        for run, result in results.items():
            folder = directory.run(run)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "result.json").write_text(json.dumps(asdict(result)))
        return {record.id: record for record in read_records(directory, list(Landscape(plan).ladders.values()))}

    return written


def start(directory, run, metrics):
    directory.run(run).mkdir(parents=True)
    directory.metrics(run).write_text(metrics)


def test_a_record_has_the_plan_s_facts_and_the_result(sketch, result, written):
    sketch.cell("a")
    plan = sketch.plan()
    record = written(plan, {"a@0.2": result(1.5, 0.75)})["a@0.2"]
    assert (record.block, record.kind, record.model, record.cell) == ("scaling", "pretrain", "F0", "a")
    assert record.labels == {"model": "F0", "budget": "1 epochs", "lr": "0.2"}
    assert (record.lr, record.epochs, record.steps, record.images) == (0.2, 1.0, 10, 100)
    assert (record.train_flops, record.sam_flops, record.core_hours) == (100_000, 0, None)
    assert (record.params, record.macs_per_image) == (1000, 1000)
    assert (record.state, record.step, record.train_loss, record.holdout_loss) == ("done", 10, 1.0, 1.5)
    assert (record.top1, record.top5, record.seconds, record.failure) == (0.75, 0.9, 1.0, None)


def test_records_are_in_the_plan_s_order(sketch, written):
    ids = [*sketch.cell("b"), *sketch.cell("a")]
    assert list(written(sketch.plan(), {})) == ids


def test_of_a_cell_the_run_with_the_least_loss_is_tuned(sketch, result, written):
    sketch.cell("a")
    found = written(sketch.plan(), {"a@0.1": result(1.5), "a@0.2": result(1.2), "a@0.4": result(None)})
    assert [record.tuned for record in found.values()] == [False, True, False]
    assert [record.state for record in found.values()] == ["done", "done", "diverged"]


def test_a_run_that_has_begun_is_as_far_as_its_metrics(sketch, written, directory):
    sketch.cell("a", [0.1])
    start(directory, "a@0.1", '{"step": 1, "loss": 3.0, "seconds": 0.5}\n{"step": 2, "loss": 2.5, "seconds": 1.0}\n')
    record = written(sketch.plan(), {})["a@0.1"]
    assert (record.state, record.step, record.train_loss, record.seconds) == ("running", 2, 2.5, 1.0)
    assert not record.tuned


def test_a_run_that_failed_says_why_and_how_far_it_came(sketch, written, directory):
    sketch.cell("a", [0.1])
    start(directory, "a@0.1", '{"step": 1, "loss": 3.0, "seconds": 0.5}\n')
    directory.fail("a@0.1", Failure("the worker died", "", 3))
    record = written(sketch.plan(), {})["a@0.1"]
    assert (record.state, record.step, record.failure) == ("failed", 1, "the worker died")


def test_learning_rates_that_tuning_did_without_are_unneeded(sketch, result, written, directory):
    sketch.cell("a", tuner=Monotone(2))
    sketch.cell("b", tuner=Monotone(2))
    results = {"a@0.4": result(1.0), "a@0.2": result(2.0), "b@0.4": result(1.0)}
    states = {run: record.state for run, record in written(sketch.plan(), results).items()}
    assert states["a@0.1"] == "unneeded"
    assert states["b@0.1"] == states["b@0.2"] == "waiting"


def test_a_fine_tune_starts_from_the_run_it_was_given(sketch, written, directory):
    candidates = sketch.cell("a")
    (tuned,) = sketch.cell("f", [0.1], start=Selection(candidates, "holdout.loss", 0))
    plan = sketch.plan()
    assert written(plan, {})[tuned].start is None
    directory.run(tuned).mkdir(parents=True)
    directory.run_json(tuned).write_text(dump(lower(plan.runs[-1], "a@0.2")))
    record = written(plan, {})[tuned]
    assert (record.kind, record.start, record.start_cells) == ("finetune", "a@0.2", ("a",))


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("result.json", '{"state": "do', "not JSON"),
        ("result.json", '{"state": "odd"}', '"state" should be'),
        ("failure.json", "[]", "not a JSON object"),
        ("metrics.jsonl", '{"step": 1, "loss": 1.0, "seconds": 1.0}\nx\n', "not JSON"),
    ],
)
def test_a_corrupt_file_is_named(sketch, written, directory, name, text, says):
    sketch.cell("a", [0.1])
    directory.run("a@0.1").mkdir(parents=True)
    (directory.run("a@0.1") / name).write_text(text)
    with pytest.raises(Unreadable, match=f"{name}.*{says}"):
        written(sketch.plan(), {})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda plan: plan.pop("runs"), '"runs" should be a list'),
        (lambda plan: plan.update(programs=[]), '"program" that is not listed'),
        (lambda plan: plan["runs"][0].update(lr="0.1"), '"lr" should be a number'),
        (lambda plan: plan["runs"][0].update(kind="dream"), '"kind" should be "pretrain" or "finetune"'),
        (lambda plan: plan["runs"][0].update(labels=[]), '"labels" should be an object'),
    ],
)
def test_a_corrupt_plan_is_named(sketch, directory, change, says):
    sketch.cell("a", [0.1])
    plan = json.loads(plan_json(sketch.plan(), {}))
    change(plan)
    directory.path.mkdir()
    directory.plan_json.write_text(json.dumps(plan))
    with pytest.raises(Unreadable, match=rf"plan\.json.*{says}"):
        read_records(directory, ())


def test_a_run_json_that_is_none_is_named(sketch, written, directory):
    candidates = sketch.cell("a")
    (tuned,) = sketch.cell("f", [0.1], start=Selection(candidates, "holdout.loss", 0))
    directory.run(tuned).mkdir(parents=True)
    directory.run_json(tuned).write_text("{}")
    with pytest.raises(Unreadable, match=r"run\.json"):
        written(sketch.plan(), {})


def test_a_missing_plan_is_named(directory):
    with pytest.raises(Unreadable, match=r"plan\.json.*no such file"):
        read_records(directory, ())


def test_a_learning_curve_is_what_whole_lines_say(directory):
    start(directory, "r", '{"step": 1, "loss": 3.0, "seconds": 0.5}\n{"step": 2, "loss": NaN, "seconds": 1}\n{"st')
    assert read_learning_curve(directory, "r") == LearningCurve((1, 2), (3.0, None), (0.5, 1.0))


def test_a_learning_curve_has_the_evaluations_on_the_way(directory):
    start(directory, "r", '{"step": 1, "loss": 3.0, "seconds": 0.5}\n')
    line = '{"step": 1, "seconds": 0.1, "loss": 2.5, "top1": 0.5}\n'
    directory.evaluations("r").write_text(line + line.replace("2.5", "null")[:-1])
    curve = read_learning_curve(directory, "r")
    assert (curve.evaluated, curve.holdout_losses) == ((1,), (2.5,))


def test_a_run_that_has_not_begun_has_an_empty_curve(directory):
    assert read_learning_curve(directory, "r") == LearningCurve((), (), ())


def test_losses_that_are_no_numbers_are_no_measurements(sketch, result, written):
    sketch.cell("a", [0.1])
    record = written(sketch.plan(), {"a@0.1": replace(result(1.0), train_loss=float("inf"))})["a@0.1"]
    assert record.train_loss is None


def test_a_run_beyond_a_range_has_a_record_once_it_is_asked_for(sketch, result, written):
    sketch.cell("a", (0.1, 0.2), extend=2)
    plan = sketch.plan()
    assert list(written(plan, {})) == ["a@0.1", "a@0.2"]
    asked = written(plan, {"a@0.1": result(2.0), "a@0.2": result(1.0)})
    assert [(run, record.state) for run, record in asked.items()] == [
        ("a@0.1", "done"),
        ("a@0.2", "done"),
        ("a@0.4", "waiting"),
    ]
    done = written(plan, {"a@0.1": result(2.0), "a@0.2": result(1.0), "a@0.4": result(0.5), "a@0.8": result(None)})
    assert [(run, record.state, record.tuned) for run, record in done.items()][2:] == [
        ("a@0.4", "done", True),
        ("a@0.8", "diverged", False),
    ]
