"""What is offered at a cursor, with and without a rest of a file behind it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from nfdsl.editor.completion import completions
from nfdsl.editor.document import Document
from nfdsl.editor.vocabulary import block_settings
from nfdsl.schema.blocks import KINDS
from nfdsl.source import Source

At = Callable[[str], tuple[Document, int]]

SCHEDULES = ["cosine", "linear", "constant", "rsqrt", "piecewise"]
MODEL = [setting.name for setting in block_settings("model")]
CASES = {
    "a statement": ("|", [*KINDS, "let", "import"]),
    "one that is begun": ("pre|", [*KINDS, "let", "import"]),
    "a block's own name is its author's": ("model |", []),
    "from": ("model a |", ["from"]),
    "a parent of the same kind": ("model a from |", ["net", "wide"]),
    "a word with settings": ("pretrain p {\n  schedule |", SCHEDULES),
    "an argument": ("pretrain p {\n  schedule cosine(|", ["warmup"]),
    "a unit": ("pretrain p {\n  schedule cosine(warmup: 5k |", ["steps", "epochs", "images", "image", "step", "epoch"]),
    "a glued unit": ("pretrain p {\n  batch 4096im|", ["images", "image"]),
    "arguments left": ("pretrain p {\n  optimizer sgd(momentum: 0.9, |", ["nesterov", "weight_decay", "head_decay"]),
    "no argument without a comma": ("pretrain p {\n  optimizer sgd(momentum: 0.9|", ["%"]),
    "a choice": ("pretrain p {\n  optimizer sgd(nesterov: |", ["on", "off"]),
    "the whole of a phrase": ("pretrain p {\n  resolution |", ["resolution", "train", "eval"]),
    "the rest of a phrase": ("pretrain p {\n  resolution train 224px, |", ["eval"]),
    "a number or a word": ("pretrain p {\n  lr |", ["tune"]),
    "the step of a range": ("pretrain p {\n  budget 1 epochs .. 8 |", ["by x2", "by +1"]),
    "an argument's words": ("pretrain p {\n  lr tune 0.1 .. 0.4 by x2 minimizing |", ["holdout.loss", "holdout.error"]),
    "words of an argument": ("pretrain p {\n  lr tune 0.1 .. 0.4 by x2 using |", ["grid", "monotone"]),
    "a block": ("pretrain p {\n  data |", ["mnist"]),
    "a block in a grid": ("pretrain p {\n  model {net, |", ["net", "wide"]),
    "a block in a phrase": ("report r {\n  figure optimal_lr of |", ["base"]),
    "nothing or something": ("pretrain p {\n  clip |", ["agc", "norm", "none"]),
    "a word in a word": ("data d {\n  source builtin(|", ["digits", "mnist_5k", "name"]),
    "an argument to override": ("pretrain p {\n  sam.|", ["sam.rho", "sam.fraction", "sam.over"]),
    "the value of an override": ("pretrain p {\n  optimizer.nesterov |", ["on", "off"]),
    "a setting of another block": ("pretrain p {\n  classes 1\n  batch wide.|", [f"wide.{name}" for name in MODEL]),
    "nothing in a comment": ("pretrain p {\n  # sched|", []),
    "nothing in a string": ('data d {\n  source folder("|', []),
    "nothing of an unknown kind": ("nonsense p {\n  |", []),
    "nothing for an unknown setting": ("pretrain p {\n  nonsense |", []),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_what_may_be_written_is_offered(study: str, text: str, expected: list[str], at: At):
    labels = [one.label for one in completions(*at(study.replace("|", "") + text)).items]
    begun = [label for label in labels if label in expected] if text.startswith("pretrain p {\n  budget") else labels
    assert begun == expected


def test_what_follows_the_cursor_does_not_matter(study: str, at: At):
    inside = study.replace("schedule cosine(warmup: 20 steps)", "schedule |")
    assert [one.label for one in completions(*at(inside)).items] == SCHEDULES


def test_settings_are_offered_once_and_required_ones_first(study: str, at: At):
    found = completions(*at(study.replace("  budget 2 epochs\n", "  |\n")))
    labels = [one.label for one in found.items]
    assert labels[0] == "budget"
    assert "batch" not in labels
    assert "clip" in labels


def test_inherited_settings_are_no_longer_required(study: str, at: At):
    found = completions(*at(study + "pretrain p from base {\n  |\n}\n"))
    assert {one.label: one.detail for one in found.items}["batch"] == "inherited"


def test_a_figure_may_be_written_again(study: str, at: At):
    found = completions(*at(study.replace("fit power_law", "fit power_law\n  |")))
    assert [one.label for one in found.items] == ["figure"]


def test_what_is_typed_is_replaced(at: At):
    document, offset = at("pretrain p {\n  lr tune 0.1 .. 3.2 by x2 minimizing holdout.l|")
    assert completions(document, offset).span.text == "holdout.l"


@pytest.mark.parametrize(
    ("text", "label", "snippet"),
    [
        ("pretrain p {\n  |", "schedule", "schedule cosine(warmup: ${1:0 steps})"),
        ("pretrain p {\n  |", "batch", "batch ${1:} images"),
        ("pretrain p {\n  |", "resolution", "resolution train ${1:}px, eval ${2:}px"),
        ("pretrain p {\n  |", "clip", "clip agc(ratio: ${1:0.01}, eps: ${2:0.001})"),
        ("pretrain p {\n  |", "augment", "augment area ${1:0.08}, aspect ${2:4 / 3}, flip ${3:on}, repeat ${4:1}"),
        ("data d {\n  |", "source", "source builtin(name: ${1:digits})"),
        ("data d {\n  source |", "folder", 'folder(path: "${1:}")'),
        ("|", "model", "model ${1:name} {\n  depth [${2:}]\n  width [${3:}]\n}"),
        (
            "pretrain p {\n  lr |",
            "tune",
            "tune ${1:} .. ${2:} by x${3:2} minimizing ${4:holdout.loss} using grid(extend: ${5:2})",
        ),
    ],
)
def test_a_snippet_holds_the_defaults(at: At, text: str, label: str, snippet: str):
    inserts = {one.label: one.insert for one in completions(*at(text)).items}
    assert inserts[label].tabbed == snippet


@pytest.mark.parametrize("kind", ["pretrain", "finetune"])
def test_every_optional_setting_is_right_as_inserted(study: str, kind: str, at: At):
    start = "" if kind == "pretrain" else f"{kind} f {{\n"
    found = completions(*at(study.replace("  lr tune", "  |\n  lr tune") if not start else study + start + "  |"))
    left_out = ("hardware", "probe", "objective")  # that name blocks, or need another model
    for one in found.items:
        if one.detail == "optional" and one.label not in left_out and kind == "pretrain":
            text = study.replace("  lr tune", f"  {one.insert.plain}\n  lr tune")
            assert Document(Source("a.nfx", text)).diagnostics == [], one.insert.plain


def test_named_values_are_offered_where_a_value_may_stand(study: str, at: At):
    labels = [one.label for one in completions(*at("let warm 5 steps\n" + study.replace("20 steps", "|"))).items]
    assert labels == ["warm"]


def test_a_zip_names_settings_that_are_in_force(study: str, at: At):
    document, offset = at(study.replace("  lr tune", "  zip |\n  lr tune"))
    offered = [one.label for one in completions(document, offset).items]
    assert offered == ["data", "batch", "resolution", "schedule", "model", "budget", "lr"]


def test_an_import_names_the_specs_beside_it(tmp_path: Path):
    (tmp_path / "parts").mkdir()
    for name in ("study.nfx", "base.nfx", "parts/net.nfx"):
        (tmp_path / name).write_text("")
    text = 'import "pa'
    found = completions(Document(Source(str(tmp_path / "study.nfx"), text)), len(text))
    assert ([one.label for one in found.items], found.span.text) == (["base.nfx", "parts/net.nfx"], "pa")
