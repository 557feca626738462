"""Any file at all gets diagnostics: never an exception, never a place outside of its file, never much memory.

``NFDSL_INPUTS=100000 pytest tests/test_robustness.py`` runs as many inputs as one likes; each is a function of its
number, so that a failure is found again by it. How long each takes is for tests/benchmarks/robustness.py to say.
"""

import os
import resource
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.lark import from_lark

from nfdsl.catalogue import catalogue, prelude
from nfdsl.diagnose import diagnose
from nfdsl.diagnostics import Diagnostic, to_json
from nfdsl.render import render
from nfdsl.source import Source
from nfdsl.syntax.grammar import MOST
from nfdsl.testing.hostile import BOMBS, hostile, nfx, terminals
from nfdsl.verdict import verdict

SPECS = Path(__file__).parents[1] / "specs"
LANGUAGE = Path(__file__).parent / "language"
INPUTS = int(os.environ.get("NFDSL_INPUTS", "1000"))
MOST_MEMORY = 400_000  # KiB that all inputs together may add to the process
SHOWN = 50  # diagnostics of one input that are shown


def examples() -> list[str]:
    """Returns specs to change: the examples, and every snippet of the language."""
    cases = [case + prelude() for path in sorted(LANGUAGE.glob("*.nfx")) for case in path.read_text().split("---\n")]
    return [*[path.read_text() for path in sorted(SPECS.glob("*.nfx"))] * 20, *cases]


def assert_sound(found: list[Diagnostic], name: str) -> None:
    """Asserts that diagnostics can be shown: known codes, places inside their file, words for people."""
    for diagnostic in found:
        assert diagnostic.code in catalogue(), name
        assert diagnostic.headline, name
        assert diagnostic.help, name
        spans = [diagnostic.primary.span, *(label.span for label in diagnostic.secondary)]
        spans += [diagnostic.fix.span] if diagnostic.fix else []
        assert all(0 <= span.start <= span.end <= len(span.source.text) for span in spans), name
    for diagnostic in found[:SHOWN]:
        assert render(diagnostic, color=True), name
        assert to_json(diagnostic)["line"] >= 1, name


def peak() -> int:
    """Returns the most memory this process has had, in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@pytest.mark.slow
def test_no_file_is_too_much(tmp_path: Path):
    path = tmp_path / "study.nfx"
    made = hostile(examples())
    path.write_text(prelude())
    assert verdict(str(path), fix=False).wrong == []
    before = peak()
    for number in range(INPUTS):
        data = made.file(number)
        path.write_bytes(data)
        assert_sound(list(verdict(str(path), fix=False).wrong), f"input {number}: {data[:2000]!r}")
    assert peak() - before < MOST_MEMORY


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(), st.text("model net{}[]():,.+-*/ 01k%\n\"'#=\\x\ufeff\x00", max_size=60)))
def test_any_text_gets_diagnostics(text: str):
    assert_sound(diagnose(Source("a.nfx", text)), repr(text))


EXPLICIT = {
    name: st.sampled_from(texts) for name, texts in terminals().items() if name in {t.name for t in nfx().terminals}
}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(from_lark(nfx(), start="file", explicit=EXPLICIT))
def test_any_text_of_the_grammar_gets_diagnostics(text: str):
    assert_sound(diagnose(Source("a.nfx", text)), repr(text))


@pytest.mark.parametrize(
    "number",
    ["1e99 * 1e99 * 1e99 * 1e99", "1e-99 * 1e-99 * 1e-99 * 1e-99", "1 / 3", "-1e99 * 1e99 * 1e99 * 1e99"],
)
@pytest.mark.parametrize("setting", ["lr {}", "budget {} * 1 epochs", "seed {}", "batch {} * 1 images", "dropout {}"])
def test_numbers_beyond_floats_get_diagnostics(setting: str, number: str):
    text = f"pretrain p from base {{ {setting.format(number)} }}\n"
    assert_sound(diagnose(Source("a.nfx", text + prelude())), text)


def in_value(many: str) -> str:
    return f"pretrain p from base {{ lr {many} }}\n{prelude()}"


def calls(text: str) -> int:
    """Returns how many functions, Python's own and those of C, are called to diagnose a text."""
    counted = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    source = Source("a.nfx", text)
    sys.setprofile(count)
    try:
        diagnose(source)
    finally:
        sys.setprofile(None)
    return counted


GROWING: dict[str, Callable[[int], str]] = {
    **{f"file of {bomb!r}": lambda times, bomb=bomb: bomb * times for bomb in BOMBS},
    **{f"value of {bomb!r}": lambda times, bomb=bomb: in_value(bomb * times) for bomb in BOMBS},
    "blocks of unknown kinds": lambda times: "".join(f"kind{n} name{n} {{\n}}\n" for n in range(times)),
    "unknown parents": lambda times: "".join(f"model m{n} from x{n} {{}}\n" for n in range(times)) + prelude(),
    "unknown settings": lambda times: in_value("1\n" + "".join(f"set{n} {n}\n" for n in range(times))),
    "unknown values": lambda times: "".join(f"let v{n} w{n}\nlet u{n} {n}\n" for n in range(times)) + prelude(),
    "unknown arguments": lambda times: in_value(
        "1\noptimizer sgd(" + ", ".join(f"a{n}: 1" for n in range(times)) + ")"
    ),
    "surplus arguments": lambda times: in_value("1\noptimizer sgd(" + ", ".join(f"{n}" for n in range(times)) + ")"),
    "grids in a list": lambda times: in_value("[" + ", ".join(["{1, 2}"] * times) + "]"),
    "a list": lambda times: in_value("[" + ", ".join(["1"] * times) + "]"),
    "a grid": lambda times: in_value("{" + ", ".join(map(str, range(times))) + "}"),
    "the same twice": lambda times: in_value("{" + ", ".join(["0.1"] * times) + "}"),
    "figures": lambda times: "report r {\n" + "figure loss_vs_compute of base\n" * times + "}\n" + prelude(),
    "lets": lambda times: "".join(f"let v{n} v{n + 1}\n" for n in range(times)) + prelude(),
    "blocks": lambda times: "".join(f"pretrain p{n} from base {{ seed {n + 1} }}\n" for n in range(times)) + prelude(),
}


@pytest.mark.parametrize("growing", GROWING.values(), ids=GROWING)
def test_work_grows_no_faster_than_the_file(growing: Callable[[int], str]):
    calls(growing(10))  # fills what is worked out once in a process
    small, large = (calls(growing(times)) for times in (300, 1200))
    assert large < 4.4 * small + 2000


def test_a_grid_of_any_size_is_refused_before_it_is_built():
    for grid in ("0 .. 1e9 by +1", "0 .. 1e40 by +1", "1 .. 2 by x1.0000000001", "[" + "{1, 2}, " * 60 + "]"):
        assert {found.code for found in diagnose(Source("a.nfx", in_value(grid)))} & {"grid-too-large", "huge-number"}
        assert calls(in_value(grid)) < 1_000_000


def test_grids_of_named_grids_are_counted_over_all_their_uses():
    doubled = "".join(
        f"model m{n} {{\n depth {{m{n - 1}.depth, m{n - 1}.depth}}\n width [16, 32]\n}}\n" for n in range(1, 25)
    )
    text = f"model m0 {{ depth {{[1, 1], [1, 2]}}\n width [16, 32] }}\n{doubled}{prelude()}"
    (found,) = diagnose(Source("a.nfx", text))
    assert (found.code, "choices in all" in found.headline) == ("grid-too-large", True)


def test_a_file_of_too_many_words_is_not_read_further():
    text = "\n".join(["model a { depth [1] }"] * 20_000)
    (found,) = diagnose(Source("a.nfx", text))
    assert found.code == "spec-too-large"
    assert found.headline == f"this file of {len(text):,} characters on 20,000 lines is too large for a spec"
    assert calls(text) < 20 * MOST
