"""What is known and what may still be run."""

from nfdsl.schema.training import Grid, Monotone
from nfdsl.study.forecast import forecast, still_to_come
from nfdsl.study.landscape import Landscape
from nfdsl.study.tuning.known import Known


def test_before_anything_was_run(sketch):
    sketch.cell("grid", (0.1, 0.2, 0.4), tuner=Grid(), extend=2)
    sketch.cell("tuned", (0.1, 0.2, 0.4, 0.8), model="F1", tuner=Monotone(2), extend=2)
    sketch.cell("one", (0.1,), model="F2")
    found = forecast(Landscape(sketch.plan()), Known({}, {}))
    assert [(cell.to_come, cell.at_most, cell.settled) for cell in found] == [
        (3, 5, False),
        (2, 6, False),
        (1, 1, False),
    ]
    assert still_to_come(found) == (6, 12)


def test_what_is_known_of_a_cell(sketch, result):
    sketch.cell("a", (0.1, 0.2, 0.4))
    sketch.cell("b", (0.1, 0.2, 0.4), images=200)
    results = {"a@0.1": result(1.0), "a@0.2": result(2.0), "a@0.4": result(None), "b@0.2": result(1.0)}
    first, second = forecast(Landscape(sketch.plan()), Known(results, {}))
    assert (first.best, first.censored, first.settled, first.ended, first.to_come) == (0.1, "lowest", True, 3, 0)
    assert (second.best, second.censored, second.settled, second.ended, second.to_come) == (0.2, None, False, 1, 2)
