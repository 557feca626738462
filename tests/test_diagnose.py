"""Everything that is wrong is said in one pass, whichever stage finds it."""

from nfdsl.catalogue import prelude
from nfdsl.diagnose import diagnose, planned
from nfdsl.source import Source

LONG_WARMUP = "pretrain p from base { schedule cosine(warmup: 90 steps) }\n"


def codes(text: str) -> list[str]:
    return [found.code for found in diagnose(Source("a.nfx", text + prelude()))]


def test_what_only_planning_finds_is_not_hidden_by_mistakes_elsewhere():
    assert codes(LONG_WARMUP) == ["warmup-outlasts-budget"]
    assert codes(f"{LONG_WARMUP}model m from net {{ depth = [1] }}\n") == [
        "warmup-outlasts-budget",
        "setting-separator",
    ]


def test_runs_are_not_called_identical_where_a_line_is_lost_that_may_set_them_apart():
    assert codes("pretrain p from base { }\n") == ["identical-runs"]
    assert codes("pretrain p from base {\n  3\n}\n") == ["missing-setting-name"]


def test_a_spec_in_order_has_a_study_and_a_plan_of_a_name():
    found, diagnostics = planned(Source("a.nfx", prelude()), "first", ["base.seed=7"])
    assert found is not None
    assert (found.plan.study, [run.recipe.seed for run in found.plan.runs], diagnostics) == ("first", [7], [])
