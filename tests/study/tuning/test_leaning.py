"""What a settled cell tells those that lean on it."""

import pytest

from nfdsl.schema.training import Monotone
from nfdsl.study.landscape import Landscape
from nfdsl.study.tuning.known import Known
from nfdsl.study.tuning.leaning import Lean, beginning, combined, lesson

RATES = (0.1, 0.2, 0.4, 0.8, 1.6)
LEAN = Lean(0.8, 0.5, refuted=False)


@pytest.fixture
def told(sketch, result):
    def told(losses, lean=LEAN, failed=(), rates=RATES):
        sketch.cell("cell", rates, tuner=Monotone(2))
        ladder = Landscape(sketch.plan()).ladders["cell"]
        known = Known({f"cell@{rate}": result(loss) for rate, loss in losses.items()}, dict.fromkeys(failed, "no"))
        return lesson(ladder, known, lean)

    return told


def test_the_lowest_optimum_leads_and_the_nearest_curvature_counts():
    leans = [Lean(0.8, None, False), Lean(0.4, 0.2, False), Lean(1.6, 0.3, True)]
    assert combined(leans) == Lean(0.4, 0.2, True)
    assert combined([]) is None


def test_the_curvature_is_that_of_the_loss_over_log_rate(told):
    # Differences of 0.2 and 0.1 a factor of two: (0.1 + 0.2) / ln(2) / 2 ln(2).
    assert told({0.4: 1.2, 0.8: 1.0, 1.6: 1.1}).curvature == pytest.approx(0.3 / 2 / 0.4804530139)


def test_rates_need_not_be_evenly_spaced(told):
    # The slopes 0.1 / ln(4) and -0.2 / ln(2) over ln(8).
    lesson = told({0.4: 1.2, 0.8: 1.0, 3.2: 1.1}, rates=(0.4, 0.8, 3.2))
    assert lesson.curvature == pytest.approx((0.1 / 2 + 0.2) / 3 / 0.4804530139)


def test_without_both_sides_the_curvature_is_that_leaned_on(told):
    assert told({0.4: 1.2, 0.8: 1.0}).curvature == 0.5


@pytest.mark.parametrize(
    ("losses", "refuted"),
    [
        ({0.8: 1.0, 0.4: 1.1}, False),
        ({0.8: 1.1, 0.4: 1.0}, False),
        ({0.8: 1.1, 0.4: 1.05, 0.2: 1.0}, True),  # fell by two
        ({0.4: 1.3, 0.8: 1.1, 1.6: 0.95}, True),  # rose
        ({0.4: 1.3, 0.8: 1.1, 1.6: 1.0}, False),  # by less than a tie of the curvature leaned on
    ],
)
def test_an_optimum_that_rises_or_jumps_refutes_the_rule(told, losses, refuted):
    assert told(losses).refuted is refuted


def test_a_rise_by_two_is_clear_where_one_by_one_rate_would_be(told):
    assert told({0.4: 1.2, 0.8: 1.1, 1.6: 1.0}, Lean(0.4, 0.5, refuted=False)).refuted


def test_an_optimum_that_stays_refutes_nothing_though_no_curvature_is_known(told):
    assert not told({0.8: 1.0, 0.4: 1.1}, Lean(0.8, None, refuted=False)).refuted


@pytest.mark.parametrize(("there", "refuted"), [(1.02, False), (1.06, True)])
def test_a_rise_by_less_than_a_tie_refutes_nothing(new_sketch, result, there, refuted):
    sketch = new_sketch()
    sketch.cell("cell", RATES, tuner=Monotone(2))
    ladder = Landscape(sketch.plan()).ladders["cell"]
    losses = {"cell@0.4": there, "cell@0.8": 1.0, "cell@1.6": 1.1}  # second difference 0.12 and 0.16
    known = Known({run: result(loss) for run, loss in losses.items()}, {})
    assert lesson(ladder, known, Lean(0.4, 0.5, refuted=False)).refuted is refuted


def test_once_refuted_always_refuted(told):
    assert told({0.8: 1.0, 0.4: 1.1}, Lean(0.8, 0.5, refuted=True)).refuted


def test_the_next_cells_begin_at_the_optimum(told):
    assert told({0.8: 1.1, 0.4: 1.0}).rate == 0.4


def test_below_all_that_diverged(told):
    assert told({0.8: None, 0.4: None}).rate == 0.2


def test_where_it_began_itself_if_all_failed(told):
    assert told({}, failed=["cell@0.8", "cell@0.4"]).rate == 0.8


def test_a_search_with_nothing_to_lean_on_begins_at_the_top_of_the_range(sketch):
    sketch.cell("cell", RATES, tuner=Monotone(2), extend=2)
    ladder = Landscape(sketch.plan()).ladders["cell"]
    assert ladder.rates[beginning(ladder, None)] == 1.6
    assert ladder.rates[beginning(ladder, Lean(0.5, None, refuted=False))] == 0.4
