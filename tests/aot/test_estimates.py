"""Tests of what is kept of compiled programs, and of what a plan makes of it."""

import pytest

from nfdsl.aot.estimates import known, measured, read, write
from nfdsl.aot.targets import targets


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def test_what_is_kept_is_found_for_that_slice_only(planned, report):
    here, there = targets(planned(), None, "small")[0], targets(planned(), "v4:2x2x2", "small")[0]
    assert read(here) is None
    write(here, report)
    assert read(here) == report
    assert read(there) is None


def test_an_estimate_that_was_cut_short_is_as_good_as_none(planned, report, cache):
    (small,) = targets(planned(), None, "small")
    write(small, report)
    (kept,) = cache.rglob("*.json")
    kept.write_text(kept.read_text()[:20])
    assert read(small) is None


def test_core_hours_are_those_of_the_compiled_program_where_it_is_known(planned, report):
    plan = planned()
    small, large = targets(plan, None, None)
    assert measured(plan) == (plan, frozenset())
    write(small, report)
    told, compiled = measured(plan)
    assert compiled == {small.program.id}
    for before, after in zip(plan.runs, told.runs, strict=True):
        of_step = 0.05 * 4 * 2 / 3600
        expected = before.length.steps * of_step if before.program == small.program.id else before.core_hours
        assert after.core_hours == pytest.approx(expected)
        assert (after.id, after.length) == (before.id, before.length)
    assert [estimate.target.program for estimate in known(plan)] == [small.program]
    assert large.program.id not in compiled


def test_programs_of_processors_have_nothing_kept(planned):
    plan = planned(device="cpu", batch=64)
    assert measured(plan) == (plan, frozenset())


def test_where_nothing_can_be_kept_nothing_is_known(planned, report, tmp_path, monkeypatch):
    (tmp_path / "taken").write_text("a file")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "taken"))
    (small,) = targets(planned(), None, "small")
    write(small, report)
    assert read(small) is None
