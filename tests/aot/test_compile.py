"""Tests of compiling in processes of their own, and of not doing it twice."""

from importlib.metadata import PackageNotFoundError

import pytest

from nfdsl.aot import compile as aot
from nfdsl.aot.estimates import write
from nfdsl.aot.targets import targets


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def small(planned):
    return targets(planned(), None, "small")


def without_libtpu(monkeypatch):
    def version(package):
        if package == "libtpu":
            raise PackageNotFoundError(package)
        return "1"

    monkeypatch.setattr(aot, "version", version)


@pytest.mark.slow
def test_a_program_is_compiled_for_chips_that_are_not_there_and_only_once(small, monkeypatch):
    pytest.importorskip("libtpu")
    (first,) = aot.compiled(small)
    assert first.error is None
    assert not first.cached
    assert first.report["devices"] == 4
    assert first.report["arguments"] > 2 * 4 * small[0].program.params / 4, "each chip holds a part of the state"
    assert first.report["matrix"] > 0
    assert first.report["optimizer"] > 0
    assert set(first.report["collective_bytes"]) == {"all-gather", "reduce-scatter", "all-reduce"}
    monkeypatch.setattr(aot.subprocess, "run", None)  # nothing is compiled any more
    (again,) = aot.compiled(small)
    assert again.cached
    assert again.report == first.report


@pytest.mark.slow
def test_a_slice_that_does_not_exist_is_an_answer_too(planned, cache):
    pytest.importorskip("libtpu")
    (estimate,) = aot.compiled(targets(planned(batch=60), "v4:3x5x1", "small"))
    assert estimate.error is not None
    assert "there is no slice v4:3x5x1" in estimate.error
    assert not list(cache.rglob("*.json")), "a failure is tried again"


def test_without_the_compiler_the_way_to_get_it_is_told(small, monkeypatch):
    without_libtpu(monkeypatch)
    with pytest.raises(aot.NoCompiler, match=r"pip install 'nfdsl\[tpu\]'"):
        list(aot.compiled(small))


def test_what_is_known_needs_no_compiler(small, monkeypatch, report):
    without_libtpu(monkeypatch)
    write(small[0], report)
    (estimate,) = aot.compiled(small)
    assert estimate.cached
    assert estimate.step_seconds == pytest.approx(0.05)


def test_a_compiler_that_dies_is_told_with_its_last_words(small, monkeypatch):
    monkeypatch.setattr(aot, "_require_compiler", lambda: None)
    monkeypatch.setattr(aot.sys, "executable", "false")
    (estimate,) = aot.compiled(small)
    assert estimate.error == "the compiler failed: exit code 1"
