"""From what is written to schema values, directed by the type that is wanted."""

from collections.abc import Callable
from pathlib import Path

import pytest

from nfdsl.catalogue import prelude
from nfdsl.check.spec import study_of
from nfdsl.check.study import Study
from nfdsl.diagnostics import Diagnostic
from nfdsl.schema.augmentation import Augment
from nfdsl.schema.data import ArrayRecord, Builtin, Data, Dedup, Folder
from nfdsl.schema.optimizers import AGC
from nfdsl.schema.schedules import Linear
from nfdsl.schema.training import SAM, Grid, Monotone, Pretrain, Resolution, Tune
from nfdsl.schema.units import Dimension, quantity
from nfdsl.source import Source


def setting(study: Study, name: str) -> object:
    (point,) = study.blocks["p"].points
    assert isinstance(point.value, Pretrain)
    return vars(point.value)[name]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("budget", "200 steps", quantity(200, Dimension.STEPS)),
        ("batch", "5 images * 2", 10),
        ("lr", "1 / 8", 0.125),
        ("lr", "tune 0.1, holdout.error", Tune((0.1,), "holdout.error", Grid())),
        ("lr", "tune 0.1 .. 0.4 by x2 using monotone(trials: 3)", Tune((0.1, 0.2, 0.4), using=Monotone(3))),
        ("resolution", "eval 64px, train 32px", Resolution(32, 64)),
        ("resolution", "resolution(32px, eval: 64px)", Resolution(32, 64)),
        ("clip", "none", None),
        ("clip", "agc", AGC()),
        ("clip", "agc(0.02)", AGC(0.02)),
        ("sam", "rho 0.1", SAM(0.1)),
        ("sam", "0.1", SAM(0.1)),
        ("schedule", "linear warmup 5 steps", Linear(quantity(5, Dimension.STEPS))),
        ("augment", "area 60%, flip off", Augment(area=0.6, flip=False)),
    ],
)
def test_what_a_setting_becomes(study: Callable[..., Study], name: str, text: str, expected: object):
    assert setting(study(f"pretrain p from base {{ {name} {text} }}\n"), name) == expected


def test_a_block_is_the_value_of_another(study: Callable[..., Study]):
    text = (
        'data a { source folder("a")\n classes 2\n dedup against b }\ndata b { source builtin(digits)\n classes 10 }\n'
    )
    inner = Data(Builtin("digits"), 10)
    assert study(text).blocks["a"].points[0].value == Data(Folder("a"), 2, dedup=Dedup(inner))


def test_a_path_starts_at_the_folder_of_the_file_that_says_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "specs" / "parts").mkdir(parents=True)
    shared = 'let pictures "pictures"\ndata theirs { source folder("../cats")\n classes 2\n reassessed "real.json"\n'
    (tmp_path / "specs" / "parts" / "data.nfx").write_text(shared + ' validation array_record("held/*")\n}\n')
    text = """import "parts/data.nfx"
data named { source folder(pictures)
  classes 2
}
data own from theirs { source folder("/far/dogs")
  dedup excluding "listed"
}
"""
    monkeypatch.chdir(tmp_path)
    spec = Source("specs/study.nfx", text + prelude())
    found, diagnostics = study_of(spec, ['own.validation=folder("cows")'])
    assert found is not None, diagnostics
    values = {name: found.blocks[name].points[0].value for name in ("theirs", "named", "own")}
    assert values == {
        "theirs": Data(Folder("cats"), 2, validation=ArrayRecord("parts/held/*"), reassessed="parts/real.json"),
        "named": Data(Folder("parts/pictures"), 2),
        "own": Data(
            Folder("/far/dogs"),
            2,
            validation=Folder("cows"),
            reassessed="parts/real.json",
            dedup=Dedup(excluding="listed"),
        ),
    }
    assert found.folder == str(tmp_path / "specs")


@pytest.mark.parametrize(
    ("path", "fix"),
    [("images", '"images"'), ("data/images", '"data/images"'), ("data / images", None)],
)
def test_a_path_without_quotes_gets_them(wrong: Callable[..., Diagnostic], path: str, fix: str | None):
    found = wrong(f"data d {{\n  source folder({path})\n  classes 10\n}}\n")
    assert (found.code, found.help) == ("wrong-type", f'write `"{path}"`')
    assert (found.fix and found.fix.replacement) == fix


@pytest.mark.parametrize(("setting", "word"), [("sam", "off"), ("sam", "None"), ("average", "false"), ("clip", "no")])
def test_nothing_is_called_none(wrong: Callable[..., Diagnostic], setting: str, word: str):
    found = wrong(f"pretrain p from base {{ {setting} {word} }}\n")
    assert (found.code, found.help) == ("unknown-word", f"write `{setting} none`")
    assert found.fix is not None
    assert (found.fix.span.text, found.fix.replacement) == (word, "none")


def test_two_networks_of_one_label_are_told_apart(study: Callable[..., Study]):
    text = "model a from net { depth [1, 1] * {S: 1, M: 2} }\nmodel b from a { width [8, 32] }\n"
    points = study(text + "pretrain p from base { model {a, b} }\n").blocks["p"].points
    assert [dict(point.labels)["model"] for point in points] == ["a, S", "a, M", "b, S", "b, M"]


@pytest.mark.parametrize(
    ("text", "code", "marked"),
    [
        ("model mnist", "unknown-name", "mnist"),
        ("model 5", "wrong-type", "5"),
        ("optimizer sgd(nesterov: 1)", "wrong-type", "1"),
        ("optimizer [1]", "wrong-type", "[1]"),
        ("clip agc(0)", "out-of-range", "0"),
        ("lr tune 0.1 minimizing holdout.los", "unknown-word", "holdout.los"),
        ("resolution train 32px", "missing-setting", "train 32px"),
        ('batch "many"', "wrong-type", '"many"'),
    ],
)
def test_what_it_cannot_be(wrong: Callable[..., Diagnostic], text: str, code: str, marked: str):
    found = wrong(f"pretrain p from base {{ {text} }}\n")
    assert (found.code, found.primary.span.text) == (code, marked)
    assert found.help
