"""Any file at all gets diagnostics: never an exception, never a second, never much memory.

``NFDSL_INPUTS=100000 pytest -m slow tests/test_robustness.py`` runs as many inputs as one likes; each is a
function of its number, so that a failure is found again by it.
"""

import os
import random
import resource
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.lark import from_lark
from lark import Lark
from lark.grammar import NonTerminal
from lark.lexer import PatternStr

from nfdsl.catalogue import catalogue, completed, prelude
from nfdsl.diagnose import diagnose
from nfdsl.diagnostics import Diagnostic, to_json
from nfdsl.render import render
from nfdsl.source import Source
from nfdsl.syntax import grammar
from nfdsl.verdict import verdict

SPECS = Path(__file__).parents[1] / "specs"
LANGUAGE = Path(__file__).parent / "language"
INPUTS = int(os.environ.get("NFDSL_INPUTS", "2000"))
LONGEST = 1.0  # seconds of CPU for one input
MOST = 600_000  # KiB that the whole run may add to the process

WORDS = [
    *("model", "data", "pretrain", "finetune", "report", "hardware", "from", "net", "base", "mnist", "depth", "width"),
    *(
        "batch",
        "budget",
        "lr",
        "tune",
        "sgd",
        "cosine",
        "agc",
        "start",
        "best",
        "figure",
        "of",
        "none",
        "on",
        "holdout.loss",
    ),
    *(
        "by x2",
        "by +1",
        "by x1.0001",
        "..",
        "{",
        "}",
        "[",
        "]",
        "(",
        ")",
        ",",
        ":",
        "+",
        "-",
        "*",
        "/",
        "=",
        "#",
        "\n",
        " ",
    ),
    *(
        "0",
        "1",
        "0.1",
        "32px",
        "50 images",
        "1 epochs",
        "5k steps",
        "1e99",
        "1e-99",
        "9e99T core_hours",
        "2 FLOPs",
        "35%",
    ),
    *(
        "8x8x8",
        "1T",
        "0 .. 1T by +1",
        "1e-9 .. 1e9 by x1.0000001",
        "1e99 * 1e99 * 1e99 * 1e99 * 1e99",
        "1 / 0",
        "nan",
        "inf",
    ),
    *(
        '"text"',
        '"""',
        '"',
        "'",
        "\\",
        "\\u0000",
        "\r\n",
        "\r",
        "\t",
        "\x00",
        "\ufeff",
        "\u200b",
        "\u2028",
        "\x85",
        "\x0c",
    ),
    *(
        "\u0430",
        "\uff11",
        "\u2212",
        "\u00d7",
        "\u2026",
        "\u201c",
        "\u00a0",
        "é",
        "日",
        "\U0001f600",
        "e\u0301",
        "\u202e",
    ),
]
BOMBS = [
    "(",
    "[",
    "{",
    "-",
    "1 + ",
    "f(",
    "{a: ",
    "[1, ",
    '"',
    "a.",
    "9",
    "1e",
    "model ",
    "{\n",
    "#",
    "x y ",
    "1..",
    "\\",
    "a b {\n",
]


@cache
def seeds() -> list[str]:
    """Returns specs to change: the examples and every snippet of the explanations and of the language."""
    examples = [path.read_text() for path in sorted(SPECS.glob("*.nfx"))]
    explained = [completed(text, entry.kind) for entry in catalogue().values() for text in (entry.wrong, entry.right)]
    cases = [case + prelude() for path in sorted(LANGUAGE.glob("*.nfx")) for case in path.read_text().split("---\n")]
    return [*examples * 20, *explained, *cases]


def changed(draw: random.Random) -> bytes:
    """Returns a spec after a few changes by characters."""
    text = draw.choice(seeds())
    for _ in range(draw.randint(1, 4)):
        start = draw.randint(0, len(text))
        end = min(len(text), start + draw.choice([0, 0, 1, 1, 2, 5, 20, 200]))
        other = draw.randint(0, len(text))
        piece = draw.choice(["", draw.choice(WORDS), text[other : other + draw.randint(1, 60)], text[start:end] * 2])
        text = text[:start] + piece + text[end:]
    return draw.choice([text, text, text, text.replace("\n", "\r\n"), "\ufeff" + text]).encode()


def damaged(draw: random.Random) -> bytes:
    """Returns a spec after a few changes by bytes, so that it may be no text."""
    data = bytearray(draw.choice(seeds()).encode())
    for _ in range(draw.randint(1, 6)):
        place = draw.randrange(len(data))
        data[place : place + draw.randint(0, 3)] = draw.randbytes(draw.randint(0, 3))
    return bytes(data)


def jumbled(draw: random.Random) -> bytes:
    """Returns words of the language in any order."""
    return draw.choice(["", " "]).join(draw.choices(WORDS, k=draw.randint(0, 80))).encode()


def value(draw: random.Random) -> bytes:
    """Returns a sound spec with words in any order as one of its values."""
    line = draw.choice(prelude().splitlines())
    return (
        prelude()
        .replace(line, f"{line.split(' ')[0] or '  lr'} {' '.join(draw.choices(WORDS, k=draw.randint(1, 8)))}", 1)
        .encode()
    )


def bomb(draw: random.Random) -> bytes:
    """Returns one thing many times, perhaps inside a value."""
    times = draw.choice([10, 63, 64, 65, 66, 1000, 5000])
    many = draw.choice(BOMBS) * times + draw.choice(["", "1", "1" + draw.choice(")]}") * times])
    return draw.choice([many, f"pretrain p from base {{ lr {many} }}\n{prelude()}", prelude() + many]).encode()


def derived(draw: random.Random) -> bytes:
    """Returns a text that the grammar accepts, of words that mean something only by chance."""
    return " ".join(expansion(draw, NonTerminal("file"), depth=0)).encode()


def expansion(draw: random.Random, symbol: object, depth: int) -> list[str]:
    if not isinstance(symbol, NonTerminal):
        return [draw.choice(terminals()[str(getattr(symbol, "name", symbol))])]
    choices = rules()[str(symbol.name)]
    chosen = draw.choice(choices) if depth < 25 else min(choices, key=len)
    return [text for part in chosen for text in expansion(draw, part, depth + 1)]


@cache
def rules() -> dict[str, list[list[object]]]:
    """Returns the grammar's rules without repetitions and options, by name."""
    found: dict[str, list[list[object]]] = {}
    for rule in _nfx().rules:
        found.setdefault(str(rule.origin.name), []).append(list(rule.expansion))
    return found


@cache
def terminals() -> dict[str, list[str]]:
    """Returns texts of each terminal: those of `PATTERNS`, or of the keyword or sign that it is."""
    signs = {found.name: [found.pattern.value] for found in _nfx().terminals if isinstance(found.pattern, PatternStr)}
    return signs | {name: PATTERNS[name] for name in PATTERNS if name in {found.name for found in _nfx().terminals}}


@cache
def _nfx() -> Lark:
    return Lark(
        grammar.text(), parser="lalr", lexer="basic", start="file", keep_all_tokens=True, maybe_placeholders=False
    )


NAMES = [word for word in WORDS if word.replace(".", "").isalpha() and word.isascii() and word != "from"]
PATTERNS = {
    "NAME": NAMES,
    "NUMBER": [
        "0",
        "1",
        "0.1",
        "32px",
        "50 images",
        "1 epochs",
        "1e-9",
        "35%",
        "2 core_hours",
        "1e99",
        "7 bytes",
        "2 days",
    ],
    "LABEL": ["F0", "momentum", "train", "a.b"],
    "SHAPE": ["8x8x8", "1x1"],
    "STRING": ['"text"', '""', '"\\u03b1"'],
    "DOCSTRING": ['"""A study."""'],
    "BY_TIMES": ["by x"],
    "BY_PLUS": ["by +"],
}
MAKERS: list[Callable[[random.Random], bytes]] = [changed, changed, damaged, jumbled, value, value, bomb, derived]


def assert_sound(found: list[Diagnostic], name: str) -> None:
    """Asserts that diagnostics can be shown: known codes, places inside their file, words for people."""
    for diagnostic in found:
        assert diagnostic.code in catalogue(), name
        assert diagnostic.headline, name
        assert diagnostic.help, name
        spans = [diagnostic.primary.span, *(label.span for label in diagnostic.secondary)]
        spans += [diagnostic.fix.span] if diagnostic.fix else []
        assert all(0 <= span.start <= span.end <= len(span.source.text) for span in spans), name
        assert render(diagnostic, color=True), name
        assert to_json(diagnostic)["line"] >= 1, name


def seconds(path: Path) -> float:
    """Returns the CPU time that checking a file takes; measured again where it seems long, as a busy machine may be."""
    return next((took for took in (_seconds(path) for _ in range(3)) if took < LONGEST), LONGEST)


def _seconds(path: Path) -> float:
    start = time.process_time()
    verdict(str(path), fix=False)
    return time.process_time() - start


@pytest.mark.slow
def test_no_file_is_too_much(tmp_path: Path):
    path = tmp_path / "study.nfx"
    path.write_bytes(b"")
    verdict(str(path), fix=False)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    longest = (0.0, 0)
    for number in range(INPUTS):
        draw = random.Random(number)
        data = draw.choice(MAKERS)(draw)
        path.write_bytes(data)
        longest = max(longest, (seconds(path), number))
        assert longest[0] < LONGEST, f"input {number} takes more than {LONGEST} s of CPU: {data[:2000]!r}"
        assert_sound(list(verdict(str(path), fix=False).wrong)[:50], f"input {number}: {data[:2000]!r}")
    added = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(f"{INPUTS} inputs; the longest, {longest[1]}, took {longest[0]:.3f} s; {added / 1024:.0f} MiB were added")
    assert added < MOST


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(), st.text("model net{}[]():,.+-*/ 01k%\n\"'#=\\x\ufeff\x00", max_size=60)))
def test_any_text_gets_diagnostics(text: str):
    assert_sound(diagnose(Source("a.nfx", text)), repr(text))


EXPLICIT = {name: st.sampled_from(texts) for name, texts in terminals().items()}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(from_lark(_nfx(), start="file", explicit=EXPLICIT))
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
