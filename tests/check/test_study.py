"""A whole file: everything wrong with it is said in one pass, however wrong it is."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nfdsl.check.spec import study_of
from nfdsl.check.study import Study
from nfdsl.diagnostics import Diagnostic
from nfdsl.plan import plan
from nfdsl.source import Source

WORDS = [
    *("let", "a", "b", "p", "base", "net", "mnist", "model", "pretrain", "data", "from", "import", "zip", "none"),
    *("batch", "lr", "optimizer", "sgd", "tune", "base.batch", "p.optimizer", "optimizer.momentum", "a.b"),
    *("{", "}", "(", ")", "[", "]", ",", ":", "..", "by x2", "by +1", "+", "*", "/", "-", "\n", "\n", "\n"),
    *("1", "2 images", "3 epochs", "1e99", "0.1", "8x8", '"x.nfx"', "\ufeff", "\r\n", "é", "nan"),
]


def test_everything_is_said_in_one_pass():
    text = "model m { depth [1, 2 }\npretrain p { batch 5 epochs\n lr fast }\ndata d { clases 3 }\n"
    codes = {found.code for found in study_of(Source("a.nfx", text))[1]}
    assert {"unclosed-bracket", "wrong-unit", "wrong-type", "unknown-setting", "missing-setting"} <= codes


def test_blocks_may_come_in_any_order(study: Callable[..., Study]):
    assert study("pretrain p from base { model late }\nmodel late from net { width [8, 8] * 4 }\n").blocks["p"].points


def test_a_study_without_runs(spec: Callable[[str], str]):
    text = spec("quickstart").partition("pretrain scaling")[0]
    assert [found.code for found in study_of(Source("a.nfx", text))[1]] == ["nothing-to-run"]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join))
def test_any_text_is_checked(text: str):
    study, diagnostics = study_of(Source("a.nfx", text))
    assert (study is None) == bool(diagnostics)
    for found in diagnostics:
        for label in (found.primary, *found.secondary):
            assert 0 <= label.span.start <= label.span.end <= len(label.span.source.text)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_damage_to_a_study_is_checked(spec: Callable[[str], str], data: st.DataObject):
    text = "let a 2\nlet b {1, 2} * a\n" + spec("quickstart")
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = start + data.draw(st.sampled_from([0, 0, 1, 3, 20]))
        text = f"{text[:start]} {data.draw(st.sampled_from(WORDS))} {text[end:]}"
    study, diagnostics = study_of(Source("a.nfx", text))
    if study is not None:
        diagnostics = plan(study, "a")[1]
    assert all(found.help for found in diagnostics)


LAUGHS = "let a0 {%s}\n" + "".join(f"let a{n + 1} %s\n".replace("_", f"a{n}") for n in range(40))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (LAUGHS % ("net, net", *["{_, _}".replace("_", f"a{n}") for n in range(40)]), "grid-too-large"),
        (LAUGHS % ("1e20, 1", *[f"a{n} * a{n}" for n in range(40)]), "huge-number"),
        ("let a 0 .. 1e12 by +1\n", "grid-too-large"),
        ("let a " + "[" * 1000 + "\n", "nesting-too-deep"),
        ("".join(f"let a{n} a{n + 1} + 1\n" for n in range(1000)) + "let a1000 1\n", "nesting-too-deep"),
        (
            "model m0 from net { }\n" + "".join(f"model m{n + 1} from m{n} {{ }}\n" for n in range(500)),
            "nesting-too-deep",
        ),
    ],
    ids=["doubled grids", "squares", "long range", "brackets", "long chain", "generations"],
)
def test_bombs_are_refused_soon(study: Callable[..., Study], text: str, code: str):
    """What would take years or terabytes is not worked out: else this would never end."""
    use = "pretrain p from base { model a40 }\n" if "net, net" in text else ""
    with pytest.raises(AssertionError, match=code):
        study(text + use)


@pytest.mark.parametrize(
    ("line", "code", "advice"),
    [
        ("optimizer lion", "unknown-word", "known: `adafactor`, `adam`, `adamw`, `sgd`"),
        ("augment mixup(0.2)", "unknown-setting", "known: `area`, `aspect`, `flip`, `repeat`"),
        ("seed [0, 1, 2]", "wrong-type", "for each of these in turn write `{0, 1, 2}`"),
        ("lr 0.1, 0.2", "wrong-type", "a grid, which is each in turn, is written `{0.1, 0.2}`, a list `[0.1, 0.2]`"),
        ("data cifar", "unknown-name", "did you mean `far`?"),
    ],
)
def test_advice_is_about_what_was_most_likely_meant(
    wrong: Callable[..., Diagnostic], line: str, code: str, advice: str
):
    found = wrong(f"pretrain p from base {{ {line} }}\n")
    assert (found.code, found.help, found.fix) == (code, advice, None)


def test_two_settings_on_a_line_are_told_apart():
    source = Source("a.nfx", "data d { source builtin(digits)  classes 10 }\n")
    study, diagnostics = study_of(source)
    assert study is None
    (found,) = diagnostics
    assert found.code == "wrong-type"
    assert found.help == "`classes` is a setting too: begin a new line with it"


@pytest.mark.parametrize(
    "line", ["resolution train 8px, eval 8px batch 4 images", "start base best 1 data mnist batch 5 images"]
)
def test_a_value_that_runs_on_into_other_settings_is_one_mistake(line: str):
    study_of_line = study_of(Source("a.nfx", f"finetune f {{ {line} }}\n"))
    found = [found for found in study_of_line[1] if found.code in {"surplus-value", "unknown-unit", "wrong-type"}]
    assert len(found) == 1
    assert "is a setting too: begin a new line with it" in found[0].help
