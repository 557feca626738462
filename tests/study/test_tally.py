"""Events counted into the outcome: each run in exactly one place."""

from nfdsl.study.events import Compiled, Dropped, Extended, Failed, Finished, Given, NotRun, Opened, Retried, Unneeded
from nfdsl.study.outcome import Compilations, Missing
from nfdsl.study.tally import Tally


def test_each_run_is_counted_once(sketch, result):
    a, b, c, d, e, f, _ = sketch.cell("cell", (1, 2, 3, 4, 5, 6, 7))
    tally = Tally(sketch.plan())
    for event in (
        Opened({a: result(1.0)}),
        Given(b, None, 1),
        Retried(b, "again", 1, 3),
        Given(b, None, 2),
        Finished(b, result(None)),
        Given(c, None, 1),
        Failed(c, "why", 3),
        NotRun(d, "c failed"),
        Unneeded(e),
        Given(f, None, 1),
    ):
        tally.observe(event)
    outcome = tally.outcome(12.0)
    assert (outcome.done, outcome.diverged, outcome.unneeded, outcome.waiting) == (1, 1, 1, 2)
    assert outcome.failed == (Missing(c, "why"),)
    assert outcome.not_run == (Missing(d, "c failed"),)
    assert outcome.trained == 3
    assert outcome.seconds == 12.0
    assert outcome.stopped
    assert not outcome.complete


def test_compilations_are_told_from_programs_and_from_the_cache(sketch):
    (run,) = sketch.cell("cell", (0.1,))
    tally = Tally(sketch.plan())
    for program, kind, cached in (
        ("p", "initialize", False),
        ("p", "train", False),
        ("p", "train", False),  # after a worker was replaced
        ("q", "train", True),
        ("p", "evaluate", False),
    ):
        tally.observe(Compiled(run, program, kind, 1.0, cached))
    assert tally.outcome(0.0).compilations == (
        Compilations("train", programs=2, times=2),
        Compilations("evaluate", programs=1, times=1),
        Compilations("initialize", programs=1, times=1),
    )


def test_a_study_with_every_result_is_complete(sketch, result):
    runs = sketch.cell("cell")
    tally = Tally(sketch.plan())
    tally.observe(Opened({run: result(1.0) for run in runs}))
    outcome = tally.outcome(0.0)
    assert outcome.complete
    assert not outcome.stopped
    assert outcome.compilations == ()


def test_runs_beyond_a_range_count_once_they_are_asked_for(sketch, result):
    (run,) = sketch.cell("cell", (0.1,))
    tally = Tally(sketch.plan())
    for event in (Opened({run: result(1.0)}), Extended("cell@0.2"), Dropped(run, "another start")):
        tally.observe(event)
    assert (tally.outcome(0.0).done, tally.outcome(0.0).waiting) == (0, 2)
