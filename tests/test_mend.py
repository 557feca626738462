"""Fixes, made together and one at a time, and never for the worse."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfdsl.catalogue import catalogue, completed, prelude
from nfdsl.diagnose import diagnose
from nfdsl.diagnostics import Fix
from nfdsl.mend import applied, described, mend
from nfdsl.source import Source, Span

LANGUAGE = Path(__file__).parent / "language"
SNIPPETS = [case for path in sorted(LANGUAGE.glob("*.nfx")) for case in path.read_text().split("---\n")]


def mended(text: str) -> str:
    return mend(Source("a.nfx", text)).source.text


def test_fixes_apart_are_made_together_and_what_they_bring_to_light_is_fixed_too():
    wrong = 'modle "m" from net { depht: [1 1] }\n'
    result = mend(Source("a.nfx", wrong + prelude()))
    assert result.source.text.startswith("model m from net { depth [1, 1] }\n")
    assert result.left == []
    assert sorted(fixed.code for fixed in result.fixed) == [
        *("missing-comma", "quoted-block-name", "setting-separator", "unknown-block", "unknown-setting"),
    ]


def test_what_is_in_order_stays_as_it_is():
    result = mend(Source("a.nfx", prelude()))
    assert (result.source.text, result.fixed, result.left) == (prelude(), (), [])


def test_a_fix_that_would_make_it_worse_is_left_out_and_the_others_are_made():
    # With its name read the first block would be known to miss three settings.
    wrong = 'data "d" {}\nmodel m from net { depth: [1, 1] }\nfinetune f from g { lr .1 }\n'
    result = mend(Source("a.nfx", wrong))
    assert result.source.text == 'data "d" {}\nmodel m from net { depth [1, 1] }\nfinetune f from g { lr 0.1 }\n'
    assert [left.code for left in result.left] == ["quoted-block-name"]


@pytest.mark.parametrize("text", SNIPPETS, ids=range(len(SNIPPETS)))
def test_no_fix_leaves_its_mistake(text: str):
    source = Source("a.nfx", text + prelude())
    for found in diagnose(source):
        if found.fix is not None:
            after = diagnose(Source("a.nfx", applied(source.text, [found.fix])))
            before = [(other.code, other.headline, other.primary.span.text) for other in diagnose(source)]
            left = [(other.code, other.headline, other.primary.span.text) for other in after]
            mistake = (found.code, found.headline, found.primary.span.text)
            assert left.count(mistake) < before.count(mistake), described(found)


@pytest.mark.parametrize("entry", [entry for entry in catalogue().values() if entry.kind != "sh"], ids=lambda e: e.code)
def test_mending_a_wrong_snippet_mends_it_or_leaves_it(entry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Path("base.nfx").write_text("let peak 0.2\n")  # what the snippets import
    text = completed(entry.wrong, entry.kind)
    result = mend(Source("a.nfx", text))
    assert (result.source.text == text) == (not result.fixed)
    assert len(result.left) == (0 if result.fixed else 1)


@pytest.mark.parametrize(
    ("start", "end", "replacement", "line"),
    [
        (0, 1, "b", "a.nfx:1:1: `a` became `b` (x)"),
        (1, 1, "\n}", "a.nfx:1:2: added `}` (x)"),
        (1, 2, "", "a.nfx:1:2: removed `=` (x)"),
    ],
)
def test_a_line_for_each_fix(start: int, end: int, replacement: str, line: str):
    (found, *_) = diagnose(Source("a.nfx", ""))
    fix = Fix(Span(Source("a.nfx", "a=b"), start, end), replacement)
    assert described(type(found)("x", "h", found.primary, fix=fix)) == line


@given(
    st.lists(
        st.sampled_from(["model", '"m"', "{", "}", "[1", "2", "]", "depht", "=", ":", "net", "from", "\n", ",", ".1"])
    )
)
def test_mending_never_makes_it_worse_and_ends(words: list[str]):
    source = Source("a.nfx", " ".join(words))
    result = mend(source)
    assert len(result.left) <= len(diagnose(source))
    assert mended(result.source.text) == result.source.text
