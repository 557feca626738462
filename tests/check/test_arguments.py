"""Words with arguments, with and without parentheses."""

import pytest

from nfdsl.check.arguments import arguments, bind, head
from nfdsl.check.rejected import Rejected
from nfdsl.check.wanted import Wanted
from nfdsl.schema.data import ArrayRecord, Builtin, Folder
from nfdsl.schema.optimizers import SGD
from nfdsl.schema.schedules import Cosine, Linear
from nfdsl.schema.setting import Description, settings
from nfdsl.schema.training import Resolution
from nfdsl.source import Source
from nfdsl.syntax import ast
from nfdsl.syntax.parse import parse

WANTED = Wanted(object, Description("what it means"), "x")


def value(text: str) -> ast.Value:
    (block,) = parse(Source("a.nfx", f"model a {{ x {text} }}")).file.blocks
    found = block.settings[0].value
    assert not isinstance(found, ast.Unreadable)
    return found


def bound(text: str, *classes: type, elsewhere: frozenset[str] = frozenset()) -> tuple[type, dict[str, str]]:
    schema_class, given = arguments(value(text), classes, WANTED)
    found = bind(schema_class, list(settings(schema_class)), given, value(text).span, elsewhere)
    return schema_class, {name: argument.span.text for name, argument in found.items()}


@pytest.mark.parametrize(
    ("text", "classes", "expected"),
    [
        ("sgd", (SGD,), (SGD, {})),
        ("sgd(0.9, weight_decay: 1)", (SGD,), (SGD, {"momentum": "0.9", "weight_decay": "1"})),
        ("sgd 0.9, weight_decay 1", (SGD,), (SGD, {"momentum": "0.9", "weight_decay": "1"})),
        ("momentum 0.9", (SGD,), (SGD, {"momentum": "0.9"})),
        ("linear(warmup: 1)", (Cosine, Linear), (Linear, {"warmup": "1"})),
        ("eval 2px train 1px", (Resolution,), (Resolution, {"train": "1px", "eval": "2px"})),
    ],
)
def test_arguments_find_their_settings(text: str, classes: tuple[type, ...], expected: tuple[type, dict[str, str]]):
    assert bound(text, *classes) == expected


@pytest.mark.parametrize(
    ("text", "classes", "code"),
    [
        ("agc", (Cosine, Linear), "unknown-word"),
        ("agc(1)", (SGD,), "unknown-word"),
        ("5", (Cosine, Linear), "wrong-type"),
        ("sgd(1, on, 2, 3, 4)", (SGD,), "surplus-value"),
        ("sgd(momentum: 1, 2)", (SGD,), "surplus-value"),
        ("sgd(mometum: 1)", (SGD,), "unknown-setting"),
        ("sgd(1, momentum: 2)", (SGD,), "defined-twice"),
        ("train 1px", (Resolution,), "missing-setting"),
    ],
)
def test_what_is_refused(text: str, classes: tuple[type, ...], code: str):
    with pytest.raises(Rejected) as caught:
        bound(text, *classes)
    assert [found.code for found in caught.value.diagnostics] == [code]


def test_what_is_given_elsewhere_is_not_missing():
    assert bound("train 1px", Resolution, elsewhere=frozenset({"eval"})) == (Resolution, {"train": "1px"})


def test_heads():
    assert [head(value(text)) for text in ("a", "a(1)", "a 1", "1", "1 a")] == ["a", "a", "a", "", ""]


def test_a_path_alone_is_shown_the_words_that_take_it():
    with pytest.raises(Rejected) as caught:
        arguments(value('"images"'), (Builtin, Folder, ArrayRecord), WANTED)
    assert caught.value.diagnostics[0].help == 'write `folder("images")` or `array_record("images")`'
    with pytest.raises(Rejected) as caught:
        arguments(value('"images"'), (Cosine, Linear), WANTED)
    assert caught.value.diagnostics[0].help == "`x`: what it means"
